// Many schedules of tabs that share one connection, by a clock of their own: see test/client/share.
import fc from 'fast-check'
import { playTabs } from '../client/share/play-tabs.ts'
import { tabSteps } from '../client/share/tab-steps.ts'

/** @param seed - of all of them; the same count of the same seed is the same. @returns whether all of them passed. */
export async function runTabs(count: number, seed: number = Math.floor(Math.random() * 2 ** 31)): Promise<boolean> {
  const begun = performance.now()
  const play = fc.asyncProperty(tabSteps, fc.nat(), async (steps, chance) => await playTabs(steps, chance))
  const played = await fc.check(play, { numRuns: count, seed })
  const seconds = Math.round((performance.now() - begun) / 1000)
  if (!played.failed) console.log(`${count} schedules of tabs passed in ${seconds} s (seed ${seed})`)
  // it names the seed and the path of what failed: RUNFEED_SEED and RUNFEED_PATH play that alone
  else console.error(fc.defaultReportMessage(played) as string, '\n', played.errorInstance)
  return !played.failed
}
