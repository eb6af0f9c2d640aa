// What functions beside the client need of it, without being methods of it: who does not import them does not pay for them.
import type { RunClient } from './run-client.ts'
import type { Wanted } from './wanted.ts'

export const insides: WeakMap<RunClient, Wanted> = new WeakMap()

/** By `client.connection`, the address of each client whose tab has a connection of its own there: a browser has few of them over http. */
export const ownAddresses: WeakMap<object, string> = new WeakMap()
