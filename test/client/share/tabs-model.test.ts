// Whatever happens to tabs that share, in whatever order: each shows what the server has, over one connection.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { playTabs } from './play-tabs.ts'
import { tabSteps } from './tab-steps.ts'

/** The same ones each time; `npm run faults -- --tabs 2000` looks for others. `RUNFEED_SEED=<seed> RUNFEED_PATH=<path>` plays again what a failure named. */
const { RUNFEED_SEED: seed = '77', RUNFEED_PATH: path, RUNFEED_RUNS: runs = '120' } = process.env

test('tabs come, go, crash, freeze and are hidden: each shows what the server has, and they have one connection', async () => {
  let played = 0
  const play = fc.asyncProperty(tabSteps, fc.nat(), async (steps, chance) => {
    await playTabs(steps, chance)
    played++
  })
  await fc.assert(play, { numRuns: Number(runs), seed: Number(seed), ...(path !== undefined && { path }) })
  expect(played).toBeGreaterThan(0)
}, 600_000)
