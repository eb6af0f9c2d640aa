// A client whose snapshots a test sets by hand, and which counts who listens. Hooks see no difference to the real one.
import { act } from '@testing-library/react'
import type { Followed, RunClient } from '../../src/client/run-client.ts'
import type { Json, JsonObject } from '../../src/protocol/json.ts'
import type { Run } from '../../src/protocol/run.ts'
import { type FeedQuery, queryName } from '../../src/protocol/want.ts'
import type { RunListSnapshot, RunSnapshot, StreamSnapshot } from '../../src/store/snapshot.ts'
import type { ConnectionSnapshot } from '../../src/transport/connection-status.ts'
import { scriptedRun } from '../../src/testing/scripted-run.ts'

export interface FakeSource<T> extends Followed<T, never> {
  set(next: Partial<T>): void
  listeners: Set<() => void>
  subscriptions: number
}

async function* nothing(): AsyncGenerator<never, void, undefined> {}

function source<T>(value: T): FakeSource<T> {
  const self: FakeSource<T> = {
    listeners: new Set(),
    subscriptions: 0,
    getSnapshot: () => value,
    values: nothing,
    [Symbol.asyncIterator]: nothing,
    subscribe(listener) {
      self.subscriptions++
      self.listeners.add(listener)
      return () => self.listeners.delete(listener)
    },
    set(next) {
      value = { ...value, ...next }
      act(() => {
        for (const listener of self.listeners) listener()
      })
    },
  }
  return self
}

export const logOf = (chunks: readonly Json[], firstIndex = 0, cuts: readonly number[] = []): StreamSnapshot['log'] => ({
  cuts,
  firstIndex,
  length: firstIndex + chunks.length,
  at: (index) => chunks[index - firstIndex],
  slice: (from = firstIndex, to = firstIndex + chunks.length) => chunks.slice(Math.max(0, from - firstIndex), Math.max(0, to - firstIndex)),
  [Symbol.iterator]: () => chunks[Symbol.iterator](),
})

export interface FakeClient extends RunClient {
  run(run: string | { readonly id: string }): FakeSource<RunSnapshot>
  stream(run: string | { readonly id: string }, stream: string, startIndex?: number): FakeSource<StreamSnapshot>
  runList(query: FeedQuery): FakeSource<RunListSnapshot>
  readonly connection: FakeSource<ConnectionSnapshot>
  /** Publishes the run's next version with this metadata. */
  write(id: string, metadata: JsonObject, rest?: Partial<Run>): void
  end(id: string, status?: string): void
  /** Runs, streams and lists that anybody listens to. */
  followed(): string[]
  cancels: string[]
}

export function fakeClient(): FakeClient {
  const runs = new Map<string, FakeSource<RunSnapshot>>()
  const streams = new Map<string, FakeSource<StreamSnapshot>>()
  const lists = new Map<string, FakeSource<RunListSnapshot>>()
  const refuse = (): Promise<never> => Promise.reject(new Error('not in this test'))
  const idOf = (run: string | { readonly id: string }): string => (typeof run === 'string' ? run : run.id)
  const at = <T>(map: Map<string, T>, key: string, make: () => T): T => {
    const found = map.get(key) ?? make()
    map.set(key, found)
    return found
  }
  const client: FakeClient = {
    cancels: [],
    runs: {
      retrieve: refuse,
      list: refuse,
      history: refuse,
      replay: refuse,
      trigger: refuse,
      cancel: (run) => {
        client.cancels.push(idOf(run))
        return refuse()
      },
    },
    run: (run) => at(runs, idOf(run), () => source<RunSnapshot>({ run: undefined, cursor: undefined, error: undefined, end: undefined })),
    stream: (run, stream, startIndex) =>
      at(streams, `${idOf(run)} ${stream} ${startIndex}`, () =>
        source<StreamSnapshot>({ log: logOf([]), state: undefined, start: 0, failure: undefined, gap: undefined, error: undefined }),
      ),
    runList: (query) => at(lists, queryName(query), () => source<RunListSnapshot>({ runs: undefined, hasMore: false, error: undefined })),
    subscribeRun: () => () => {},
    subscribeStream: () => () => {},
    subscribeRuns: () => () => {},
    connection: source<ConnectionSnapshot>({ status: 'open', error: undefined, transport: 'stream', reason: undefined }),
    close: () => {},
    write(id, metadata, rest = {}) {
      const topic = client.run(id)
      const before = topic.getSnapshot().run ?? scriptedRun({ id, version: 0 })
      topic.set({ run: { ...before, version: before.version + 1, updatedAt: before.updatedAt + 1000, metadata, ...rest } })
    },
    end(id, status = 'COMPLETED') {
      const topic = client.run(id)
      const run = topic.getSnapshot().run ?? scriptedRun({ id })
      topic.set({ run: { ...run, status, version: run.version + 1, finishedAt: run.updatedAt }, end: { settled: true, live: true } })
    },
    followed: () => [...runs, ...streams, ...lists].filter(([, { listeners }]) => listeners.size > 0).map(([key]) => key),
  }
  return client
}
