// `npm run faults -- --schedules 2000 --real-time`: schedules of faults, as many as one wants. It says which seeds failed; `--seed <seed>`
// replays one.
import { parseArgs } from 'node:util'
import { runSchedule } from './one-schedule.ts'

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '100' },
    'real-time': { type: 'boolean', default: false },
    seed: { type: 'string' },
    'at-once': { type: 'string' },
  },
})
const isRealTime = values['real-time']
const whole = (name: string, text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} is a whole number, not "${text}"`)
  return number
}
const first = values.seed === undefined ? 0 : whole('seed', values.seed)
const count = values.seed === undefined ? whole('schedules', values.schedules) : 1
// in real time all of them wait for most of it
const atOnce = whole('at-once', values['at-once'] ?? (isRealTime ? '12' : '3'))
const LIMIT_MS = isRealTime ? 900_000 : 120_000

const failed: number[] = []
let next = first
let done = 0
const started = performance.now()

async function worker(): Promise<void> {
  while (next < first + count) {
    const seed = next++
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not over after ${LIMIT_MS / 1000} s`)), LIMIT_MS)
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
    if (++done % 50 === 0) console.log(`${done} of ${count}, ${failed.length} failed, ${Math.round((performance.now() - started) / 1000)} s`)
  }
}

await Promise.all(Array.from({ length: Math.max(1, atOnce) }, worker))
console.log(`${done - failed.length} of ${done} schedules passed in ${Math.round((performance.now() - started) / 1000)} s`)
if (failed.length > 0) console.log(`replay with: npm run faults -- ${isRealTime ? '--real-time ' : ''}--seed ${failed[0]}    (failed: ${failed.join(', ')})`)
// what hangs in a failed one does not hold the process
process.exit(failed.length > 0 ? 1 : 0)
