'use client'
// What a server knew when it rendered: the first render in the browser shows the same, and the client goes on from there.
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useEffect, useMemo } from 'react'
import { type ClientState, plant } from '../client/dehydrate.ts'
import type { RunClient } from '../client/run-client.ts'
import { toRunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import { topicOf, topics } from '../protocol/want.ts'
import { GrowingLog } from '../store/growing-log.ts'
import type { RunListSnapshot, RunSnapshot, StreamSnapshot } from '../store/snapshot.ts'
import { warn } from './development.ts'
import { useOptionalClient } from './provider.ts'

/** Snapshots by topic, from all boundaries above. */
type Hydrated = ReadonlyMap<string, RunSnapshot | StreamSnapshot | RunListSnapshot>
const NOTHING: Hydrated = new Map()
const Context = createContext(NOTHING)

export interface HydrationBoundaryProps {
  /** What `dehydrate(client)` gave on the server. Without it, the page loads as any other. */
  readonly state: string | ClientState | null | undefined
  /** @defaultValue the provider's */
  readonly client?: RunClient | undefined
  readonly children?: ReactNode
}

/** Lets the hooks below begin with what a server knew. State that cannot be read is left out: the page then loads it as any other. */
export function HydrationBoundary({ state, client: own, children }: HydrationBoundaryProps): ReactElement {
  const client = useOptionalClient(own)
  const above = useContext(Context)
  // before the children render, because their first render reads it
  const { known, hydrated } = useMemo(() => {
    if (!state) return { hydrated: above }
    try {
      const parsed = typeof state === 'string' ? (JSON.parse(state) as ClientState) : state
      // A server renders what is in the context. Its client may live as long as the process, and would keep what no hook asks for.
      if (client && typeof window !== 'undefined') plant(client, parsed, true)
      return { known: parsed, hydrated: new Map([...above, ...snapshotsOf(parsed)]) }
    } catch (thrown) {
      if (process.env.NODE_ENV !== 'production') warn(`<HydrationBoundary> leaves its state out: ${toRunfeedError(thrown).message}`)
      return { hydrated: above }
    }
  }, [client, state, above])
  useEffect(() => (client && known ? plant(client, known) : undefined), [client, known])
  return createElement(Context.Provider, { value: hydrated }, children)
}

function* snapshotsOf({ runs, streams, lists }: ClientState): Generator<[string, RunSnapshot | StreamSnapshot | RunListSnapshot]> {
  for (const { run, cursor, end } of runs) yield [topics.run(run.id), { run, cursor, error: undefined, end: end && { ...end, live: false } }]
  for (const { run, stream, first, chunks, state, start, failure } of streams)
    yield [
      topics.stream(run, stream),
      { log: GrowingLog.at<Json>(first).append(first, chunks).from(start), state, start, failure, gap: undefined, error: undefined },
    ]
  for (const list of lists) yield [topicOf(list), { runs: list.runs.map(({ run }) => run), hasMore: list.hasMore, error: undefined }]
}

export const useHydrated = (): Hydrated => useContext(Context)
