// `npm run faults -- --schedules 2000 --real-time`: schedules of faults, as many as one wants. It says which seeds failed; `--seed <seed>`
// replays one, or is the first of them. `--tabs 2000` plays schedules of tabs that share instead. `--quiet-minutes 10` and `--case <name>` run what is about real minutes instead, all that are named at once.
import { parseArgs } from 'node:util'
import { ended } from './real-time/ended.ts'
import { frozen } from './real-time/frozen.ts'
import { killed } from './real-time/killed.ts'
import { quiet } from './real-time/quiet.ts'
import type { RealCase } from './real-time/real-case.ts'
import { tokens } from './real-time/tokens.ts'
import { runSchedules } from './schedules.ts'
import { runTabs } from './tabs.ts'

const CASES: { readonly [name: string]: RealCase } = { ended, killed, frozen, tokens }

const { values } = parseArgs({
  options: {
    schedules: { type: 'string' },
    tabs: { type: 'string' },
    'real-time': { type: 'boolean', default: false },
    seed: { type: 'string' },
    'at-once': { type: 'string' },
    'quiet-minutes': { type: 'string' },
    case: { type: 'string', multiple: true, default: [] },
  },
})
const whole = (name: string, text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0) throw new Error(`--${name} is a whole number, not "${text}"`)
  return number
}

const cases = new Map<string, RealCase>()
for (const name of values.case) {
  const found = CASES[name]
  if (!found) throw new Error(`--case is one of ${Object.keys(CASES).join(', ')}, not "${name}"`)
  cases.set(name, found)
}
const { 'quiet-minutes': minutes } = values
if (minutes !== undefined) cases.set('quiet', async () => await quiet(whole('quiet-minutes', minutes)))

const seed = values.seed === undefined ? undefined : whole('seed', values.seed)
const tabs = async (text: string): Promise<boolean> => await runTabs(whole('tabs', text), seed)
const isPassed = cases.size > 0 ? await runCases() : values.tabs === undefined ? await schedules() : await tabs(values.tabs)
// what hangs in a failed one does not hold the process
process.exit(isPassed ? 0 : 1)

async function runCases(): Promise<boolean> {
  const ended = await Promise.all(
    Array.from(cases, async ([name, run]) => {
      try {
        console.log(`${name} passed: ${await run()}`)
        return true
      } catch (thrown) {
        console.error(`${name} failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`)
        return false
      }
    }),
  )
  return ended.every(Boolean)
}

async function schedules(): Promise<boolean> {
  const isRealTime = values['real-time']
  return await runSchedules({
    first: seed ?? 0,
    count: whole('schedules', values.schedules ?? (seed === undefined ? '100' : '1')),
    // in real time all of them wait for most of it
    atOnce: Math.max(1, whole('at-once', values['at-once'] ?? (isRealTime ? '12' : '3'))),
    isRealTime,
  })
}
