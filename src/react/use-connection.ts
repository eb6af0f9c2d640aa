'use client'
import type { RunClient } from '../client/run-client.ts'
import { noClient, useOptionalClient } from './provider.ts'
import type { ConnectionSnapshot } from './result.ts'
import { type Derive, useSource } from './use-source.ts'
import { idleConnection, still } from './use-target.ts'

export interface ConnectionOptions {
  /** @defaultValue the provider's */
  client?: RunClient | undefined
}

const asItIs: Derive<ConnectionSnapshot, ConnectionSnapshot, undefined> = (result) => ({ result, memory: undefined })
const NONE = still<ConnectionSnapshot>({ ...idleConnection(), status: 'failed', error: noClient() })

/** The state of the connection that all hooks of a client share. It opens none: `idle` while nothing is followed. */
export function useConnection(options: ConnectionOptions = {}): ConnectionSnapshot {
  const source = useOptionalClient(options.client)?.connection ?? NONE
  return useSource(source, asItIs, source, idleConnection).result
}
