// The hooks beside those of peers, in real Chromium: each contender in each case, in a fresh page, in an order that is drawn anew each round.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine } from '../machine.ts'
import type { Row } from '../row.ts'
import { buildPage } from './build-page.ts'
import { CASES, type Case } from './cases.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import { measure, type Outcome } from './measure.ts'
import { checkPeers } from './peers.ts'
import { report } from './report.ts'
import { type PhaseResults, resultOf } from './results.ts'
import { rowsOf } from './rows.ts'
import { sizes } from './sizes.ts'

const ROUNDS = 3
/** Who took so long for one page is measured once. */
const LONG_MS = 10_000
/** A folder for a picture of each page. */
const PICTURES = process.env['RUNFEED_BENCH_PICTURES']

/** @param part - one case alone: `a`, `b`, `c`, or `e` for the sizes. @defaultValue all of them, kept in results-hooks.md */
export async function hooks(_folder: string, part?: string): Promise<readonly Row[]> {
  checkPeers()
  if (part === 'e') return [await sizes()]
  const cases = CASES.filter(({ key }) => part === undefined || part === key)
  if (cases.length === 0) throw new Error(`there is no part "${part}" of hooks; there are a, b, c and e`)
  const scripts = new Map<string, string>()
  for (const { page } of CONTENDERS) if (!scripts.has(page)) scripts.set(page, await buildPage(page))
  const results: PhaseResults[] = []
  for (const one of cases) results.push(...(await measureCase(one, scripts)))
  if (part !== undefined) return rowsOf(results)
  const size = await sizes()
  writeFileSync(join(import.meta.dirname, '../results-hooks.md'), report(machine, results, size))
  return [...rowsOf(results), size]
}

async function measureCase(one: Case, scripts: ReadonlyMap<string, string>): Promise<readonly PhaseResults[]> {
  const entrants = CONTENDERS.filter(({ feeds }) => feeds[one.scene])
  const outcomes = new Map<Contender, (readonly Outcome[])[]>(entrants.map((contender) => [contender, []]))
  const isDone = new Set<Contender>()
  for (let round = 0; round < ROUNDS; round++)
    for (const contender of shuffled(entrants.filter((entrant) => !isDone.has(entrant)))) {
      const start = Date.now()
      const outcome = await measure(one, contender, scripts.get(contender.page) ?? '', round === 0 ? pictureOf(one, contender) : undefined)
      outcomes.get(contender)?.push(outcome)
      if (Date.now() - start > LONG_MS || outcome.some((figures) => typeof figures === 'string')) isDone.add(contender)
      const told = outcome.map((figures) => (typeof figures === 'string' ? figures : `${Math.round(figures.task)} ms`))
      process.stderr.write(`  ${one.phases.at(-1)?.title}: ${contender.name}: ${told.join(', ')}\n`)
    }
  return one.phases.map((phase, at) => ({
    phase,
    results: entrants.map((contender) =>
      resultOf(
        contender,
        (outcomes.get(contender) ?? []).map((phases) => phases[at] ?? 'did not come so far'),
      ),
    ),
  }))
}

const pictureOf = ({ scene, phases }: Case, { name }: Contender): string | undefined =>
  PICTURES && join(PICTURES, `${scene}-${phases.length}-${name.replace(/\W+/g, '-')}.png`)

function shuffled<T>(list: readonly T[]): T[] {
  const all = [...list]
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[all[at], all[other]] = [all[other] as T, all[at] as T]
  }
  return all
}
