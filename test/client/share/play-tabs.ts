// One schedule of what people, browsers and networks do with tabs that share. It plays by a clock of its own, over the real server.
import { createRunServer, memoryEngine } from 'runfeed/server'
import { randomOf } from '../../faults/seed.ts'
import { RandomRuns } from '../random-runs.ts'
import { TabBrowser } from './tab-browser.ts'
import type { TabStep } from './tab-steps.ts'
import { secretKey, TabWorld } from './tab-world.ts'
import { VirtualClock } from './virtual-clock.ts'

const HEARTBEAT = 2_000

/** @param seed - of what the steps leave to chance: how long all takes on its way. @throws what is not as it should be. */
export async function playTabs(steps: readonly TabStep[], seed: number): Promise<void> {
  const clock = new VirtualClock()
  const random = randomOf(seed)
  const engine = memoryEngine({ now: clock.now, leaseMs: 3_600_000 })
  const server = createRunServer({ engine, heartbeat: HEARTBEAT, auth: { secretKeys: [secretKey] }, now: clock.now })
  const browser = new TabBrowser(server, clock, random)
  const restore = browser.install()
  const world = new TabWorld(browser, new RandomRuns(engine), random)
  try {
    for (const step of steps) {
      await world.take(step)
      await browser.pass(random() * 60)
      world.checkStopped()
    }
    await world.finish()
  } finally {
    for (const { tab } of world.people) browser.end(tab)
    const closed = server.close()
    await browser.pass(10_000)
    await closed
    restore()
  }
}
