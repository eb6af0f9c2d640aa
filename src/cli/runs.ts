// `runfeed runs`: which runs there are, newest first.
import type { Command } from 'commander'
import type { RunListRequest } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { httpBackend } from '../task/http/http-backend.ts'
import { name, statuses, wholeNumber } from './option-values.ts'
import { type Output, outputOf } from './output.ts'
import { addProgressOptions, type ProgressKeys } from './progress.ts'
import { runTable } from './run-table.ts'
import { addServerOptions, type ServerOptions, serverOf, withAdvice } from './server-options.ts'

interface RunsOptions extends ServerOptions, ProgressKeys {
  readonly task?: string
  readonly tag?: string
  readonly parent?: string
  readonly status?: readonly string[]
  readonly limit: number
  readonly json?: boolean
}

/** The server's most for one answer. */
const PAGE = 200

export function addRuns(program: Command): void {
  const command = program
    .command('runs')
    .description('Lists runs, newest first.')
    .option('--task <id>', 'of this task', name)
    .option('--tag <tag>', 'with this tag', name)
    .option('--parent <id>', 'that this run has triggered', name)
    .option('--status <list>', 'with one of these statuses, with commas', statuses)
    .option('--limit <number>', 'at most so many', wholeNumber(1, 100_000), 20)
  addServerOptions(addProgressOptions(command)).action(async (options: RunsOptions) => await list(options, outputOf(options.json === true)))
}

async function list({ task, tag, parent, status, limit, value, max, ...where }: RunsOptions, output: Output): Promise<void> {
  const server = serverOf(where)
  const { record } = httpBackend({ url: server.url, secretKey: server.credential })
  const query = { ...(task && { task }), ...(tag && { tag }), ...(parent && { parent }), ...(status && { status }) }
  const runs: Run[] = []
  try {
    for (let after: string | undefined; runs.length < limit; ) {
      const request: RunListRequest = { ...query, limit: Math.min(PAGE, limit - runs.length), ...(after !== undefined && { after }) }
      const page = await record.list(request)
      runs.push(...page.runs)
      // a page at a time: what reads it need not wait for all
      for (const run of page.runs) output.json(run)
      if (page.next === undefined) break
      after = page.next
    }
  } catch (thrown) {
    throw withAdvice(thrown, server)
  }
  if (runs.length === 0) output.note('there are no such runs')
  for (const line of runTable(runs, { ...(value && { value }), ...(max && { max }) }, Date.now(), output.style)) output.line(line)
}
