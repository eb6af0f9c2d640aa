// Following without hooks: news in batches for a callback, and the same as async iterators.
import { InvalidRequestError, RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { changedFrom, type RunListSnapshot, type RunSnapshot, type Source, type StreamSnapshot } from '../store/snapshot.ts'
import type { Followed, SubscribeOptions } from './run-client.ts'

/** What of a snapshot is new since the last one. `at` is the index of the first value. */
interface News<V> {
  readonly values: readonly V[]
  readonly at: number
  readonly isDone: boolean
  /** Told after the values: how it ended. */
  readonly error?: RunfeedError | undefined
}
/** Made once per follower: it remembers what it has told. */
type Reader<S, V> = () => (snapshot: S) => News<V>

interface Failing {
  readonly error: RunfeedError | undefined
}

/** Each version that is published, until the run and all of its descendants have ended. */
export const runReader: Reader<RunSnapshot, Run> = () => {
  let told: Run | undefined
  return ({ run, end }) => {
    const values = run && run !== told ? [run] : []
    told = run
    return { values, at: 0, isDone: end?.settled === true }
  }
}

/** Each chunk, until the stream has ended. What a server forgot in a crash is told again as it came the second time. */
export const streamReader: Reader<StreamSnapshot, Json> = () => {
  let next = 0
  let cuts: readonly number[] = []
  return ({ log, state, failure }) => {
    const at = Math.max(log.firstIndex, Math.min(next, changedFrom(log, cuts)))
    cuts = log.cuts
    next = Math.max(at, log.length)
    return { values: log.slice(at), at, isDone: state === 'closed', error: endOf(state, failure) }
  }
}

function endOf(state: StreamSnapshot['state'], failure: string | undefined): RunfeedError | undefined {
  if (state === 'errored') return new RunfeedError('stream_errored', failure ?? 'the stream failed')
  return state === 'aborted' ? new RunfeedError('stream_aborted', 'the stream ended with its run') : undefined
}

/** Each state of the list, for as long as it is followed. */
export const listReader: Reader<RunListSnapshot, readonly Run[]> = () => {
  let told: readonly Run[] | undefined
  return ({ runs }) => {
    const values = runs && runs !== told ? [runs] : []
    told = runs
    return { values, at: 0, isDone: false }
  }
}

/** @param isClosed - whether the client is, after which nothing comes. */
export function followed<S extends Failing, V>(source: Source<S>, reader: Reader<S, V>, closed: Source<{ readonly status: string }>): Followed<S, V> {
  async function* values(signal?: AbortSignal): AsyncGenerator<V, void, undefined> {
    let news: News<V> | undefined
    let failure: { readonly thrown: unknown } | undefined
    let wake = (): void => {}
    const queue: News<V>[] = []
    const stop = follow(source, reader, closed, signal, {
      tell: (next) => void queue.push(next),
      fail: (thrown) => {
        failure = { thrown }
      },
      after: () => wake(),
    })
    try {
      for (;;) {
        while ((news = queue.shift())) {
          yield* news.values
          if (news.isDone) return
        }
        if (failure) throw failure.thrown
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      stop()
    }
  }
  return { ...source, values: ({ signal } = {}) => values(signal), [Symbol.asyncIterator]: () => values() }
}

interface Follower<V> {
  tell(news: News<V>): void
  fail(thrown: unknown): void
  after(): void
}

function follow<S extends Failing, V>(
  source: Source<S>,
  reader: Reader<S, V>,
  closed: Source<{ readonly status: string }>,
  signal: AbortSignal | undefined,
  follower: Follower<V>,
): () => void {
  const read = reader()
  // one from an earlier subscription: this one tries again
  const { error: old } = source.getSnapshot()
  let isOver = false
  const stops: (() => void)[] = []
  const stop = (): void => {
    isOver = true
    for (const one of stops.splice(0)) one()
  }
  const look = (): void => {
    if (isOver) return
    try {
      if (signal?.aborted) throw signal.reason
      const snapshot = source.getSnapshot()
      if (snapshot.error && snapshot.error !== old) throw snapshot.error
      const news = read(snapshot)
      const isDone = news.isDone || closed.getSnapshot().status === 'closed'
      if (news.values.length > 0 || isDone) follower.tell({ ...news, isDone })
      if (news.error) throw news.error
      if (isDone) stop()
    } catch (thrown) {
      stop()
      follower.fail(thrown)
    }
    follower.after()
  }
  signal?.addEventListener('abort', look)
  stops.push(() => signal?.removeEventListener('abort', look), source.subscribe(look), closed.subscribe(look))
  // what is known already is told too, but not before the caller has what this returns
  queueMicrotask(look)
  return stop
}

/**
 * Calls back with what is new, until the end, the signal, or the call of what it returns.
 * @throws InvalidRequestError when `onChange` is no function.
 */
export function subscribe<S extends Failing, V>(
  source: Source<S>,
  reader: Reader<S, V>,
  closed: Source<{ readonly status: string }>,
  { onChange, onError, onEnd, signal }: SubscribeOptions<V>,
): () => void {
  if (typeof onChange !== 'function') throw new InvalidRequestError('a subscription needs an `onChange` function, which is told what is new')
  return follow(source, reader, closed, signal, {
    tell({ values, at, isDone }) {
      for (const [offset, value] of values.entries()) guarded(() => onChange(value, at + offset))
      if (isDone) guarded(() => onEnd?.())
    },
    fail(thrown) {
      // whoever gives up by a signal knows it
      if (signal?.aborted) return
      if (!onError) throw thrown
      onError(thrown as RunfeedError)
    },
    after() {},
  })
}

/** A mistake in a callback is reported as uncaught, and ends nothing. */
function guarded(call: () => void): void {
  try {
    call()
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}
