// Steps that most tests begin with.
import type { RunEngine } from '../../../src/protocol/engine.ts'
import type { NewRun, Run } from '../../../src/protocol/run.ts'
import type { Opened } from '../suite.ts'

export async function created(engine: RunEngine, run: Partial<NewRun> = {}): Promise<Run> {
  const [made] = await engine.record.create([{ task: 'work', payload: null, ...run }])
  return made as Run
}

/** A run that `worker` executes. The task's name is its own, so that no other queued run is claimed. */
export async function executing(engine: RunEngine, run: Partial<NewRun> = {}, worker = 'worker'): Promise<Run> {
  const { id, task } = await created(engine, { task: `task-${Math.random().toString(36).slice(2)}`, ...run })
  const claims = await engine.queue.claim({ worker, tasks: [task], max: 1000 })
  const claimed = claims.find((claim) => claim.run.id === id)
  if (!claimed) throw new Error(`${id} was not claimed`)
  return claimed.run
}

export async function read(engine: RunEngine, run: string): Promise<Run> {
  const stored = await engine.record.read(run)
  if (!stored) throw new Error(`${run} is not there`)
  return stored.run
}

export const ended = (engine: RunEngine, run: Run): Promise<unknown> =>
  engine.record.commit({ run: run.id, attempt: run.attempt, end: { status: 'COMPLETED', output: 'done' } })

/** Settles at the next wake. Made before what shall wake: wakes are not kept. */
export function woken(engine: RunEngine, topic: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = engine.wake(topic, () => {
      stop()
      resolve()
    })
  })
}

/** Looks at once and at every wake, until what it looks for is there: a wake may be for nothing. */
export async function until(engine: RunEngine, topic: string, isThere: () => Promise<boolean>): Promise<void> {
  for (;;) {
    const wake = woken(engine, topic)
    if (await isThere()) return
    await wake
  }
}

/** Wakes of a topic so far, but for the one with which a network begins. */
export function countWakes({ engine, isOverNetwork = false }: Opened, topic: string): () => number {
  let wakes = 0
  engine.wake(topic, () => wakes++)
  return () => Math.max(0, wakes - (isOverNetwork ? 1 : 0))
}

/** A clock that stands until it is set on. */
export function clock(start = 1_000_000): { now: () => number; advance: (ms: number) => void } {
  let time = start
  return {
    now: () => time,
    advance: (ms) => {
      time += ms
    },
  }
}
