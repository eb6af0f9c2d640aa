// What functions beside the client need of it, without being methods of it: who does not import them does not pay for them.
import type { RunClient } from './run-client.ts'
import type { Wanted } from './wanted.ts'

export const insides: WeakMap<RunClient, Wanted> = new WeakMap()
