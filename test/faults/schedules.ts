// Many schedules of faults, some at once, and which of them failed.
import { runSchedule } from './one-schedule.ts'

export interface SchedulesOptions {
  /** The first seed. */
  readonly first: number
  readonly count: number
  readonly atOnce: number
  readonly isRealTime: boolean
}

/** @returns whether all of them passed. */
export async function runSchedules({ first, count, atOnce, isRealTime }: SchedulesOptions): Promise<boolean> {
  const limit = isRealTime ? 900_000 : 120_000
  const failed: number[] = []
  let next = first
  let done = 0
  const started = performance.now()
  const seconds = (): number => Math.round((performance.now() - started) / 1000)

  async function worker(): Promise<void> {
    while (next < first + count) {
      const seed = next++
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`not over after ${limit / 1000} s`)), limit)
      })
      try {
        const { blows, connections } = await Promise.race([runSchedule({ seed, isRealTime }), late])
        if (count === 1) console.log(`seed ${seed}: ${connections} connections, ${blows.map(([step, blow]) => `${blow} at step ${step}`).join(', ')}`)
      } catch (thrown) {
        failed.push(seed)
        console.error(`seed ${seed} failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`)
      } finally {
        clearTimeout(timer)
      }
      if (++done % 50 === 0) console.log(`${done} of ${count}, ${failed.length} failed, ${seconds()} s`)
    }
  }

  await Promise.all(Array.from({ length: atOnce }, worker))
  console.log(`${done - failed.length} of ${done} schedules passed in ${seconds()} s`)
  if (failed.length > 0) console.log(`replay with: npm run faults -- ${isRealTime ? '--real-time ' : ''}--seed ${failed[0]}    (failed: ${failed.join(', ')})`)
  return failed.length === 0
}
