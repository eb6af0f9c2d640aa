// Somebody who follows a run and its streams, and notes everything that was ever shown.
import type { ChunkLog, Json, Run, RunClient, RunSnapshot, Scheduler, StreamSnapshot } from 'runfeed'

/** Publishes each frame as soon as it has been read, so that as little as possible is skipped. */
export const atOnce: Scheduler = {
  schedule(task) {
    let given = false
    queueMicrotask(() => given || task())
    return () => void (given = true)
  },
}

export interface Watch {
  /** What was shown of the run, in order. */
  readonly seen: readonly RunSnapshot[]
  /** What was shown of each stream, in order. */
  readonly logs: { readonly [stream: string]: readonly ChunkLog<Json>[] }
  /** How often the run ended; `onComplete` is called as often. */
  readonly ends: number
  /** Resolves when a record is shown that fits. */
  until(fits: (run: Run) => boolean): Promise<Run>
  /** Resolves when run and streams have ended for good, rejects when one of them cannot be read. */
  readonly over: Promise<Run>
}

export function watchRun(client: RunClient, id: string, streams: readonly string[] = []): Watch {
  const run = client.run(id)
  const sources = streams.map((stream) => [stream, client.stream(id, stream)] as const)
  const seen: RunSnapshot[] = []
  const logs: { [stream: string]: ChunkLog<Json>[] } = Object.fromEntries(streams.map((stream) => [stream, []]))
  const waiting = new Set<() => void>()
  let ends = 0

  const isOver = ({ state }: StreamSnapshot): boolean => state !== undefined && state !== 'open'
  const look = (): void => {
    const now = run.getSnapshot()
    const before = seen.at(-1)
    if (now.end && !before?.end) ends++
    if (now.run && (now.run !== before?.run || now.end !== before.end)) seen.push(now)
    for (const [stream, source] of sources) {
      const { log } = source.getSnapshot()
      if (log !== logs[stream]?.at(-1)) logs[stream]?.push(log)
    }
    for (const check of waiting) check()
  }
  const when = <T>(ready: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const failed = [run, ...sources.map(([, source]) => source)].map((source) => source.getSnapshot().error).find((error) => error)
        const value = ready()
        if (failed) reject(failed)
        else if (value !== undefined) resolve(value)
        else return
        waiting.delete(check)
      }
      waiting.add(check)
      check()
    })

  run.subscribe(look)
  for (const [, source] of sources) source.subscribe(look)
  const over = when(() => (run.getSnapshot().end?.settled && sources.every(([, source]) => isOver(source.getSnapshot())) ? seen.at(-1)?.run : undefined))
  // a test that fails earlier never waits for it
  over.catch(() => {})
  return {
    seen,
    logs,
    get ends() {
      return ends
    },
    until: (fits) =>
      when(() => {
        const latest = seen.at(-1)?.run
        return latest && fits(latest) ? latest : undefined
      }),
    over,
  }
}
