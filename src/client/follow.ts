// Following without hooks: news in batches for a callback, and the same as async iterators.
import { InvalidRequestError, RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { changedFrom, type RunListSnapshot, type RunSnapshot, type Source, type StreamSnapshot } from '../store/snapshot.ts'
import { guarded } from '../store/topic.ts'
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
export type Reader<S, V> = () => (snapshot: S) => News<V>

export interface Failing {
  readonly error: RunfeedError | undefined
}

/** Each value that is published, once. */
const each =
  <S, V>(valueOf: (snapshot: S) => V | undefined, isDone: (snapshot: S) => boolean): Reader<S, V> =>
  () => {
    let told: V | undefined
    return (snapshot) => {
      const value = valueOf(snapshot)
      const values = value && value !== told ? [value] : []
      told = value
      return { values, at: 0, isDone: isDone(snapshot) }
    }
  }

/** Each version that is published, until the run and all of its descendants have ended. */
export const runReader: Reader<RunSnapshot, Run> = each(
  ({ run }) => run,
  ({ end }) => end?.settled === true,
)
/** Each state of the list, for as long as it is followed. */
export const listReader: Reader<RunListSnapshot, readonly Run[]> = each(
  ({ runs }) => runs,
  () => false,
)

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

/** What is followed by a client that is closed fails as; a loop or a subscription just ends. */
export const CLIENT_CLOSED = 'client_closed'

/** @param closed - its status says whether the client is, after which nothing comes. */
export function followed<S extends Failing, V>(source: Source<S>, reader: Reader<S, V>, closed: Source<Closing>): Followed<S, V> {
  function values(signal?: AbortSignal): AsyncGenerator<V, void, undefined> {
    const queue: V[] = []
    let over: Over | undefined
    let wake = (): void => {}
    async function* read(): AsyncGenerator<V, void, undefined> {
      const stop = follow(
        source,
        reader,
        closed,
        signal,
        (value) => {
          queue.push(value)
          wake()
        },
        (ending) => {
          over = ending
          wake()
        },
      )
      try {
        for (;;) {
          // what comes while the loop is elsewhere gathers, and goes as one
          for (const value of queue.splice(0)) yield value
          if (queue.length > 0) continue
          if (over) return over()
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      } finally {
        stop()
      }
    }
    const loop = read()
    // a generator that waits for news would be left only after the news
    const leave = (): void => {
      over = done
      wake()
    }
    const end = loop.return.bind(loop)
    const fail = loop.throw.bind(loop)
    loop.return = (value) => {
      leave()
      return end(value)
    }
    loop.throw = (thrown) => {
      leave()
      return fail(thrown)
    }
    return loop
  }
  return { ...source, values: ({ signal } = {}) => values(signal), [Symbol.asyncIterator]: () => values() }
}

interface Closing {
  readonly status: string
}
/** How it ended: throws what it failed with. */
type Over = () => void
const done: Over = () => {}

/** Tells each value, and then once how it ended; mistakes in both are reported as uncaught, and end nothing. */
function follow<S extends Failing, V>(
  source: Source<S>,
  reader: Reader<S, V>,
  closed: Source<Closing>,
  signal: AbortSignal | undefined,
  tell: (value: V, index: number) => void,
  end: (over: Over) => void,
): () => void {
  const read = reader()
  // one from an earlier subscription: this one tries again
  const { error: old } = source.getSnapshot()
  let isOver = false
  const look = (): void => {
    if (isOver) return
    try {
      if (signal?.aborted) throw signal.reason
      const snapshot = source.getSnapshot()
      if (snapshot.error && snapshot.error !== old && snapshot.error.type !== CLIENT_CLOSED) throw snapshot.error
      const { values, at, isDone, error } = read(snapshot)
      values.forEach((value, offset) => guarded(() => tell(value, at + offset)))
      if (error) throw error
      if (isDone || closed.getSnapshot().status === 'closed') finish(done)
    } catch (thrown) {
      finish(() => {
        throw thrown
      })
    }
  }
  const finish = (over: Over): void => {
    stop()
    guarded(() => end(over))
  }
  signal?.addEventListener('abort', look)
  // who has given up before it began asks for nothing
  const stops = signal?.aborted ? [] : [source.subscribe(look), closed.subscribe(look)]
  const stop = (): void => {
    isOver = true
    signal?.removeEventListener('abort', look)
    for (const one of stops) one()
  }
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
  closed: Source<Closing>,
  { onChange, onError, onEnd, signal }: SubscribeOptions<V>,
): () => void {
  if (typeof onChange !== 'function') throw new InvalidRequestError('pass an `onChange` function')
  return follow(source, reader, closed, signal, onChange, (over) => {
    try {
      over()
    } catch (thrown) {
      // whoever gives up by a signal knows it
      if (signal?.aborted) return
      if (!onError) throw thrown
      return onError(thrown as RunfeedError)
    }
    onEnd?.()
  })
}
