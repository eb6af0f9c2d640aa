'use client'
// From what a hook was given (a run, a stream, `enabled`, a client) to the gate that it reads; one gate for as long as those stay the same.
import { useMemo } from 'react'
import type { RunClient } from '../client/run-client.ts'
import { RunPages, type RunPagesSnapshot } from '../client/run-pages.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import { DEFAULT_QUERY_LIMIT, type FeedQuery, topicOf, topics } from '../protocol/want.ts'
import type { ChunkLog, RunListSnapshot, RunSnapshot, Source, StreamSnapshot } from '../store/snapshot.ts'
import { warnOnce } from './development.ts'
import { createGate, type Gate, type Gated, type Latch } from './gate.ts'
import { useHydrated } from './hydration.ts'
import type { FollowOptions, RunRef, StreamOptions } from './options.ts'
import { noClient, useOptionalClient } from './provider.ts'
import type { ConnectionSnapshot } from './result.ts'

export interface Target<S> {
  readonly gate: Gate<S>
  /** Whose data it is. */
  readonly origin: object
  readonly runId: string
  /** The stream's key, where it is one. */
  readonly stream?: string
  /** Names what is told part by part: another `maxParts` makes another source, and tells nothing anew. */
  readonly subject?: readonly unknown[]
  readonly isEnabled: boolean
  /** What a server renders, and the browser while it hydrates. */
  readonly initial: () => Gated<S>
}

/** What is followed of a query, and how to follow more of it. */
export type ListTarget = Target<RunPagesSnapshot> & { readonly loadMore: () => void }

const EMPTY_RUN: RunSnapshot = { run: undefined, cursor: undefined, error: undefined, end: undefined }
const EMPTY_LOG: ChunkLog<Json> = { length: 0, firstIndex: 0, cuts: [], at: () => undefined, slice: () => [], [Symbol.iterator]: () => [][Symbol.iterator]() }
const EMPTY_STREAM: StreamSnapshot = { log: EMPTY_LOG, state: undefined, start: 0, failure: undefined, gap: undefined, error: undefined }
const idle =
  <S>(data: S) =>
  (): Gated<S> => ({ data, run: undefined, connectionStatus: 'idle' })
const EMPTY_LIST: RunPagesSnapshot = { runs: undefined, hasMore: false, error: undefined, isLoadingMore: false }

export const still = <T>(value: T): Source<T> => ({ getSnapshot: () => value, subscribe: () => () => {} })
const IDLE_CONNECTION: ConnectionSnapshot = { status: 'idle', error: undefined, transport: 'stream', reason: undefined }
export const idleConnection = (): ConnectionSnapshot => IDLE_CONNECTION
const IDLE = still(IDLE_CONNECTION)
const NO_RUNS = still({ ...EMPTY_LIST, runs: [] })
export const nothing = (): void => {}
const disabledTarget = <S>(empty: S): Target<S> => {
  const data = still(empty)
  return { gate: createGate({ data, connection: IDLE }, 0, () => true), origin: data, runId: '', isEnabled: false, initial: idle(empty) }
}
// marked, so that a bundle has those of its hooks alone
const DISABLED_RUN = /* @__PURE__ */ disabledTarget(EMPTY_RUN)
const DISABLED_STREAM = /* @__PURE__ */ disabledTarget(EMPTY_STREAM)
const DISABLED_LIST = /* @__PURE__ */ disabledList()
function disabledList(): ListTarget {
  return { ...disabledTarget(EMPTY_LIST), loadMore: nothing }
}
const failed = <S>(empty: S, runId: string, error: RunfeedError): Target<S> => {
  const data = still({ ...empty, error })
  return { gate: createGate({ data, connection: IDLE }, 0, () => true), origin: data, runId, isEnabled: true, initial: idle(empty) }
}

export interface Where {
  readonly client: RunClient | undefined
  readonly id: string | undefined
  readonly token: string | undefined
}

/** A handle is often written inline, so what it says counts and not which object it is. */
export function useWhere(run: RunRef, options: Pick<FollowOptions, 'client' | 'enabled'>): Where {
  const client = useOptionalClient(options.client)
  const handle = typeof run === 'string' ? { id: run } : run
  const isEnabled = options.enabled !== false && Boolean(handle?.id)
  return { client, id: isEnabled ? handle?.id : undefined, token: isEnabled ? handle?.publicAccessToken : undefined }
}

export const refOf = (id: string, token: string | undefined): string | { readonly id: string; readonly publicAccessToken: string } =>
  token === undefined ? id : { id, publicAccessToken: token }
interface Endable {
  readonly error: RunfeedError | undefined
  readonly end?: unknown
  readonly state?: unknown
}
/** An end or an error that is not shown yet. Descendants write on after the end, as often as they like, and that may wait. */
const isEnd = (next: Endable, shown: Endable | undefined): boolean =>
  next.error !== shown?.error || next.end !== shown?.end || (next.state !== shown?.state && next.state !== 'open')

/** A server refuses what is no whole number from 1 to `max`. */
export const pageSize = (limit: number, max: number): number => Math.min(Math.max(1, Math.floor(limit)), max)

/** Nothing throws in render by default: what the client refuses to follow is the hook's error. */
export function sourceOf<S>(client: RunClient | undefined, follow: (client: RunClient) => Source<S>): Source<S> | RunfeedError {
  if (client) {
    try {
      return follow(client)
    } catch (thrown) {
      return toRunfeedError(thrown)
    }
  }
  const error = noClient()
  if (process.env.NODE_ENV !== 'production') warnOnce(error.message)
  return error
}

/** Who follows what has failed asks for it again, so an error from before is none of theirs: a boundary that was reset would get it back at once. */
function anew<S extends { readonly error: RunfeedError | undefined }>(source: Source<S>): Source<S> {
  const { error } = source.getSnapshot()
  if (!error) return source
  let read: S | undefined
  let shown: S | undefined
  return {
    subscribe: (listener) => source.subscribe(listener),
    getSnapshot() {
      const next = source.getSnapshot()
      if (next.error !== error) return next
      if (next !== read) shown = { ...next, error: undefined }
      read = next
      return shown as S
    },
  }
}

export function useRunTarget(run: RunRef, options: FollowOptions): Target<RunSnapshot> {
  const { client, id, token } = useWhere(run, options)
  const throttle = options.throttle ?? 0
  const hydrated = useHydrated()
  const data = useMemo(() => (id === undefined ? undefined : sourceOf(client, (from) => from.run(refOf(id, token)))), [client, id, token])
  const latch = useMemo((): Latch<RunSnapshot> => ({ of: [client, id] }), [client, id])
  return useMemo(() => {
    if (id === undefined || data === undefined) return DISABLED_RUN
    if (data instanceof Error || !client) return failed(EMPTY_RUN, id, data as RunfeedError)
    const initial = idle((hydrated.get(topics.run(id)) as RunSnapshot | undefined) ?? EMPTY_RUN)
    const gate = createGate({ data: anew(data), connection: client.connection }, throttle, isEnd, latch)
    // the run's data, whichever token it is read with
    return { gate, origin: client.run(id), runId: id, isEnabled: true, initial }
  }, [client, data, hydrated, id, latch, throttle])
}

export function useStreamTarget<T, A>(run: RunRef, stream: string, options: StreamOptions<T, A>): Target<StreamSnapshot> {
  const { client, id, token } = useWhere(run, options)
  const { throttle = 0, startIndex } = options
  // what sees each part once must find all of them; else parts that nobody shows are let go of
  const { maxParts } = options
  const isWhole = Boolean(options.reduce || options.onData || options.onInvalid || options.mode === 'strict')
  const hydrated = useHydrated()
  // The run's status and end are in its own topic. It is followed only where they are asked for: a page that shows text alone need not read the metadata.
  const wantsRun = options.onComplete !== undefined || options.onStatusChange !== undefined
  // the end that is there when this component comes
  const place = useMemo(() => ({ begin: startIndex, of: [client, id, stream] }), [client, id, stream, startIndex])
  const data = useMemo(
    () =>
      id === undefined
        ? undefined
        : sourceOf(client, (from) => {
            // asked for in any case: it refuses a number that is none
            const bounded = from.stream(refOf(id, token), stream, startIndex, maxParts, place)
            return isWhole ? from.stream(refOf(id, token), stream, startIndex, undefined, place) : bounded
          }),
    [client, id, isWhole, token, stream, startIndex, maxParts, place],
  )
  const latch = useMemo((): Latch<StreamSnapshot> => ({ of: [client, id, stream, startIndex] }), [client, id, stream, startIndex])
  const kept = isWhole ? undefined : maxParts
  const tail = useMemo(() => ({ place, kept }), [place, kept])
  return useMemo(() => {
    if (id === undefined || data === undefined) return DISABLED_STREAM
    if (data instanceof Error || !client) return failed(EMPTY_STREAM, id, data as RunfeedError)
    const own = wantsRun ? client.run(refOf(id, token)) : undefined
    // from another place than a server began, nothing is known yet
    const known = startIndex === undefined ? (hydrated.get(topics.stream(id, stream)) as StreamSnapshot | undefined) : undefined
    return {
      gate: createGate({ data: anew(data), run: own, connection: client.connection }, throttle, isEnd, latch),
      origin: Number(startIndex) < 0 ? tail : client.stream(id, stream, startIndex, kept),
      runId: id,
      stream,
      subject: latch.of,
      isEnabled: true,
      initial: idle(known ?? EMPTY_STREAM),
    }
  }, [client, data, hydrated, id, kept, latch, stream, startIndex, tail, token, throttle, wantsRun])
}

/** @param name - what the query says, and how many of its runs are a page. */
export function useListTarget(name: string | undefined, options: Pick<FollowOptions, 'client' | 'enabled' | 'throttle'>, token?: string): ListTarget {
  const client = useOptionalClient(options.client)
  const isEnabled = options.enabled !== false && name !== undefined
  const throttle = options.throttle ?? 0
  const hydrated = useHydrated()
  const data = useMemo(() => {
    if (!isEnabled) return undefined
    const { limit = DEFAULT_QUERY_LIMIT, ...query } = JSON.parse(name) as FeedQuery
    // nothing is asked for, and the answer is known
    return query.ids?.length === 0 ? NO_RUNS : sourceOf(client, (from) => new RunPages(from, query, limit, token))
  }, [client, isEnabled, name, token])
  const latch = useMemo((): Latch<RunPagesSnapshot> => ({ of: [client, name] }), [client, name])
  return useMemo(() => {
    if (name === undefined || data === undefined) return DISABLED_LIST
    if (data instanceof Error) return { ...failed(EMPTY_LIST, '', data), loadMore: nothing }
    const gate = createGate({ data: anew(data), connection: client?.connection ?? IDLE }, throttle, isEnd, latch)
    const known = hydrated.get(topicOf({ query: name })) as RunListSnapshot | undefined
    return {
      gate,
      origin: data,
      runId: '',
      isEnabled: true,
      initial: idle({ ...EMPTY_LIST, ...known }),
      loadMore: data instanceof RunPages ? data.loadMore : nothing,
    }
  }, [client, data, hydrated, latch, name, throttle])
}
