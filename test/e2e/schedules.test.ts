// A slice of the schedules of faults, with short heartbeats; `npm run faults` runs as many as one wants, with real ones too. The seed is
// the test's name; RUNFEED_SEED=<seed> runs that one alone.
import { describe, expect, test } from 'vitest'
import { runSchedule } from '../faults/one-schedule.ts'
import { seeds } from '../faults/seed.ts'

describe.concurrent('server and network fail as they like', () => {
  test.for(seeds(20))('and everybody ends with the server’s exact state, each chunk once and one end (seed %i)', { timeout: 120_000 }, async (seed) => {
    const { connections } = await runSchedule({ seed })
    expect(connections).toBeGreaterThan(1)
  })
})
