// One contender in one case: its page is opened, is fed, and must show the last of it.
import type { Case, Phase } from './cases.ts'
import type { Contender } from './contenders.ts'
import { PageMeter, type Work } from './page-meter.ts'
import { play } from './play.ts'
import { COMPONENTS, idsOf, type Scene, TOKEN_LENGTH, tokenAt } from './script.ts'
import { openStage, type Stage } from './stage.ts'

export interface Figures extends Work {
  /** Ms from the first that was sent until the last was seen. */
  readonly took: number
  /** Bytes that the page got and sent while it was fed. */
  readonly received: number
  readonly sent: number
  /** Requests since the page was opened, and the most that were open at once. */
  readonly requests: number
  readonly mostOpen: number
}
/** A text says what went wrong. */
export type Outcome = Figures | string

/** Who has not shown the last value so long after it was sent does not come to it. */
const PATIENCE_MS = 60_000
/** Before the first is sent, so that mounting is no part of it. */
const SETTLE_MS = 300
const LOOK_MS = 50

/** @param screenshot - where a picture of the page goes, once all is shown. @returns what came of each phase; after one that failed there is no next one. */
export async function measure(one: Case, contender: Contender, script: string, screenshot?: string): Promise<readonly Outcome[]> {
  const { scene } = one
  const ids = idsOf(scene)
  const feed = await contender.feeds[scene]?.(scene, ids)
  if (!feed) throw new Error(`${contender.name} takes no part in "${scene}"`)
  const stage = await openStage(feed, script)
  const meter = await PageMeter.open(`${stage.url}/?scene=${scene}&way=${contender.way ?? ''}`)
  try {
    // 0 is the number of what is there before the first update
    let at = scene === 'stream' ? 0 : 1
    const before = await shows(meter, expected(scene, ids, at))
    if (before !== true) throw new Error(`${contender.name} does not show the first values: ${before}`)
    await pause(SETTLE_MS)
    const outcomes: Outcome[] = []
    for (const phase of one.phases) {
      const outcome = await playPhase(phase, at, { scene, ids, meter, stage, feed })
      outcomes.push(outcome)
      if (typeof outcome === 'string') break
      at += phase.count
    }
    if (screenshot) await meter.screenshot(screenshot)
    return outcomes
  } finally {
    await meter.close()
    await stage.close()
  }
}

interface Playing {
  readonly scene: Scene
  readonly ids: readonly string[]
  readonly meter: PageMeter
  readonly stage: Stage
  readonly feed: Parameters<typeof play>[0]
}

async function playPhase({ count, rate }: Phase, from: number, { scene, ids, meter, stage, feed }: Playing): Promise<Outcome> {
  const to = from + count
  await meter.begin()
  const traffic = stage.traffic()
  const start = Date.now()
  const last = scene === 'stream' ? meter.reached(String(to * TOKEN_LENGTH)) : undefined
  await play(feed, from, to, rate)
  const seen = last && (await within(last))
  const shown = await shows(meter, expected(scene, ids, to))
  if (shown !== true) return shown
  const now = stage.traffic()
  const took = (seen ?? Date.now()) - start
  return { ...now, received: now.received - traffic.received, sent: now.sent - traffic.sent, ...(await meter.end()), took }
}

/** What must be on screen once all before `to` has happened. */
function expected(scene: Scene, ids: readonly string[], to: number): readonly string[] {
  if (scene === 'stream') return [String(to * TOKEN_LENGTH), to === 0 ? '' : tokenAt(to - 1)]
  // the last update of each run: they come in turn
  const values = ids.map((_, run) => String(Math.max(0, to - 1 - ((to - 1 - run + ids.length) % ids.length))))
  return scene === 'one' ? Array.from({ length: COMPONENTS }, () => values[0] as string) : values
}

/** @returns what is shown instead, when that was not in time. */
async function shows(meter: PageMeter, wanted: readonly string[]): Promise<string | true> {
  let shown: readonly string[] | undefined
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await pause(LOOK_MS)) {
    shown = (await within(meter.shown()))?.outputs
    const now = shown
    if (now?.length === wanted.length && wanted.every((text, at) => text === now[at])) return true
  }
  if (!shown) return `busy for more than ${PATIENCE_MS / 1000} s`
  const others = wanted.filter((text, at) => text !== shown?.[at]).length
  return `${others} of ${wanted.length} values are not the last ones after ${PATIENCE_MS / 1000} s (${shown.slice(0, 2).join(', ')} ...)`
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** @returns `undefined` when it did not come in time: a page that is busy answers nothing. */
async function within<T>(promise: Promise<T>): Promise<T | undefined> {
  let late: ReturnType<typeof setTimeout> | undefined
  const patience = new Promise<undefined>((resolve) => {
    late = setTimeout(() => resolve(undefined), PATIENCE_MS)
  })
  // a page that is closed meanwhile rejects it, when nobody waits for it any more
  promise.catch(() => {})
  try {
    return await Promise.race([promise, patience])
  } finally {
    clearTimeout(late)
  }
}
