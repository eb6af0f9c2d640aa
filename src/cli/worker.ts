// `runfeed worker`: takes runs from a server elsewhere and executes them.
import type { Command } from 'commander'
import { type ErrorBody, toRunfeedError } from '../protocol/errors.ts'
import { loadTasks } from './load-tasks.ts'
import { duration, texts, wholeNumber } from './option-values.ts'
import { type Output, outputOf } from './output.ts'
import { addKeyedServerOptions, apiOf, type Server, type ServerOptions, serverOf, withAdvice, withKeyAlone } from './server-options.ts'
import { reportStrayRejections } from './stray-rejections.ts'
import { stopWithin, untilSignal } from './until-signal.ts'

interface WorkerOptions extends Omit<ServerOptions, 'token'> {
  readonly tasks: readonly string[]
  readonly concurrency: number
  readonly grace: number
  readonly json?: boolean
}

/** What a worker's last words to a server may take beyond the grace. */
const CLOSE_MS = 2500

export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('Takes runs of the tasks in --tasks from a server, and executes them here.')
    .requiredOption('--tasks <file>', 'a module that exports tasks, TypeScript or JavaScript; may be repeated', texts)
    .option('--concurrency <number>', 'runs that execute at once', wholeNumber(1, 10_000), 10)
    .option('--grace <duration>', 'what executing runs get when the worker is stopped, in ms or text such as 5s', duration, 1000)
  addKeyedServerOptions(command)
    .addHelpText(
      'after',
      '\nWhile the server is away it waits, and what executes goes on. SIGINT and SIGTERM stop it; runs with attempts left go back to the queue.',
    )
    .action(async (options: WorkerOptions) => await work(options, outputOf(options.json === true)))
}

async function work({ tasks: paths, concurrency, grace, ...where }: WorkerOptions, output: Output): Promise<never> {
  const server = serverOf(where)
  reportStrayRejections()
  const { tasks, config } = await loadTasks(paths)
  const absence = await absenceOf(withKeyAlone(server))
  const { connectWorker } = await import('../worker/connect-worker.ts')
  const stopped = untilSignal()
  const { url, secretKey } = server
  const worker = connectWorker({ url, ...(secretKey !== undefined && { secretKey }), tasks, concurrency, ...(config && { config }) })
  const ids = tasks.map(({ id }) => id)
  output.json({ url, tasks: ids, isServerThere: absence === undefined })
  output.line(`takes runs of ${ids.join(', ')} from ${url}; Ctrl+C stops`)
  if (absence) output.note(`${absence.message}; waiting for it`)
  await stopped
  output.note('stopping …')
  return await stopWithin(grace + CLOSE_MS, async () => await worker.stop(grace))
}

/** @returns why the server does not answer, where it may later. @throws what it says to a key that is none of its own: that stays as it is. */
async function absenceOf(server: Server): Promise<ErrorBody | undefined> {
  try {
    await apiOf(server).call('GET', '/v1/runs?limit=1')
    return undefined
  } catch (thrown) {
    const error = toRunfeedError(thrown)
    if (error.retryable) return error.toJSON()
    throw withAdvice(thrown, server)
  }
}
