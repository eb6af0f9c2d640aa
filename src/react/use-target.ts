'use client'
// From what a hook was given (a run, a stream, `enabled`, a client) to the gate that it reads; one gate for as long as those stay the same.
import { useMemo } from 'react'
import type { RunClient } from '../client/run-client.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { ChunkLog, RunSnapshot, Source, StreamSnapshot } from '../store/snapshot.ts'
import { warnOnce } from './development.ts'
import { createGate, type Gate, type Gated } from './gate.ts'
import type { FollowOptions, RunRef } from './options.ts'
import { noClient, useOptionalClient } from './provider.ts'
import type { ConnectionSnapshot } from './result.ts'

export interface Target<S> {
  readonly gate: Gate<S>
  /** Whose data it is. */
  readonly origin: object
  readonly runId: string
  /** The stream's key, where it is one. */
  readonly stream?: string
  readonly isEnabled: boolean
  /** What a server renders, and the browser while it hydrates. */
  readonly initial: () => Gated<S>
}

const EMPTY_RUN: RunSnapshot = { run: undefined, cursor: undefined, error: undefined, end: undefined }
const EMPTY_LOG: ChunkLog<Json> = { length: 0, firstIndex: 0, cuts: [], at: () => undefined, slice: () => [], [Symbol.iterator]: () => [][Symbol.iterator]() }
const EMPTY_STREAM: StreamSnapshot = { log: EMPTY_LOG, state: undefined, start: 0, failure: undefined, gap: undefined, error: undefined }
const idle =
  <S>(data: S) =>
  (): Gated<S> => ({ data, run: undefined, connectionStatus: 'idle' })
const idleRun = idle(EMPTY_RUN)
const idleStream = idle(EMPTY_STREAM)

export const still = <T>(value: T): Source<T> => ({ getSnapshot: () => value, subscribe: () => () => {} })
const IDLE_CONNECTION: ConnectionSnapshot = { status: 'idle', error: undefined, transport: 'stream', reason: undefined }
export const idleConnection = (): ConnectionSnapshot => IDLE_CONNECTION
const IDLE = still(IDLE_CONNECTION)
const disabledTarget = <S>(empty: S): Target<S> => {
  const data = still(empty)
  return { gate: createGate({ data, connection: IDLE }, 0, () => true), origin: data, runId: '', isEnabled: false, initial: idle(empty) }
}
const DISABLED_RUN = disabledTarget(EMPTY_RUN)
const DISABLED_STREAM = disabledTarget(EMPTY_STREAM)
const withoutClient = <S>(empty: S, runId: string): Target<S> => {
  const error = noClient()
  if (process.env.NODE_ENV !== 'production') warnOnce(error.message)
  const data = still({ ...empty, error })
  return { gate: createGate({ data, connection: IDLE }, 0, () => true), origin: data, runId, isEnabled: true, initial: idle(empty) }
}

interface Where {
  readonly client: RunClient | undefined
  readonly id: string | undefined
  readonly token: string | undefined
}

/** A handle is often written inline, so what it says counts and not which object it is. */
function useWhere(run: RunRef, options: FollowOptions): Where {
  const client = useOptionalClient(options.client)
  const handle = typeof run === 'string' ? { id: run } : run
  const isEnabled = options.enabled !== false && Boolean(handle?.id)
  return { client, id: isEnabled ? handle?.id : undefined, token: isEnabled ? handle?.publicAccessToken : undefined }
}

const refOf = (id: string, token: string | undefined): string | { readonly id: string; readonly publicAccessToken: string } =>
  token === undefined ? id : { id, publicAccessToken: token }
const isEnd = (data: { readonly error: RunfeedError | undefined; readonly end?: unknown; readonly state?: unknown }): boolean =>
  data.error !== undefined || data.end !== undefined || (data.state !== undefined && data.state !== 'open')

export function useRunTarget(run: RunRef, options: FollowOptions): Target<RunSnapshot> {
  const { client, id, token } = useWhere(run, options)
  const throttle = options.throttle ?? 0
  const data = useMemo(() => (client && id !== undefined ? client.run(refOf(id, token)) : undefined), [client, id, token])
  return useMemo(() => {
    if (id === undefined) return DISABLED_RUN
    if (!client || !data) return withoutClient(EMPTY_RUN, id)
    return { gate: createGate({ data, connection: client.connection }, throttle, isEnd), origin: data, runId: id, isEnabled: true, initial: idleRun }
  }, [client, data, id, throttle])
}

export function useStreamTarget(run: RunRef, stream: string, options: FollowOptions & { startIndex?: number | undefined }): Target<StreamSnapshot> {
  const { client, id, token } = useWhere(run, options)
  const { throttle = 0, startIndex } = options
  // The run's status and end are in its own topic. It is followed only where they are asked for: a page that shows text alone need not read the metadata.
  const wantsRun = options.onComplete !== undefined || options.onStatusChange !== undefined
  const data = useMemo(
    () => (client && id !== undefined ? client.stream(refOf(id, token), stream, startIndex) : undefined),
    [client, id, token, stream, startIndex],
  )
  return useMemo(() => {
    if (id === undefined) return DISABLED_STREAM
    if (!client || !data) return withoutClient(EMPTY_STREAM, id)
    const own = wantsRun ? client.run(refOf(id, token)) : undefined
    return {
      gate: createGate({ data, run: own, connection: client.connection }, throttle, isEnd),
      origin: data,
      runId: id,
      stream,
      isEnabled: true,
      initial: idleStream,
    }
  }, [client, data, id, stream, token, throttle, wantsRun])
}
