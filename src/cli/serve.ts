// `runfeed serve`: the reference server, over a folder, with the tasks of files.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { EmbeddedEngine } from '../engine/embedded.ts'
import { toRunfeedError } from '../protocol/errors.ts'
import type { RunServer } from '../server/create-run-server.ts'
import { listen } from './listen.ts'
import { loadTasks, type TaskFiles } from './load-tasks.ts'
import { duration, texts, wholeNumber } from './option-values.ts'
import { type Output, outputOf } from './output.ts'
import { addKeyOptions, secretKeysOf } from './server-options.ts'
import { reportStrayRejections } from './stray-rejections.ts'
import { stopWithin, untilSignal } from './until-signal.ts'
import { UsageError } from './usage-error.ts'

interface ServeOptions {
  readonly tasks?: readonly string[]
  readonly port?: number
  readonly host: string
  readonly data?: string
  readonly memory?: boolean
  readonly concurrency: number
  readonly heartbeat?: number
  readonly allowOrigin?: readonly string[]
  readonly trustProxy?: number
  readonly secretKeyFile?: string
  readonly json?: boolean
}

const DEFAULT_DATA = '.runfeed'
/** A server that does not close by itself is left behind; executing runs get 1 s of it. */
const CLOSE_WITHIN_MS = 1700

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('Serves runs, and executes those of the tasks in --tasks.')
    .option('--tasks <file>', 'a module that exports tasks, TypeScript or JavaScript; may be repeated (default: none, workers execute)', texts)
    .option('--port <number>', 'the port to listen on; 0 is any free one (default: 4680, or the next free one)', wholeNumber(0, 65_535))
    .option('--host <address>', 'the address to listen on; without keys a loopback one', '127.0.0.1')
    .option('--data <folder>', `where runs are kept, made when it is not there (default: "${DEFAULT_DATA}")`)
    .option('--memory', 'keep runs in memory, for as long as the server lives')
    .option('--concurrency <number>', 'runs that execute at once', wholeNumber(1, 10_000), 10)
    .option('--heartbeat <duration>', 'between two pings of a feed (default: 15s)', duration)
    .option('--allow-origin <origin>', 'pages of this origin may ask, such as https://app.example; may be repeated (default: none)', texts)
    .option('--trust-proxy <number>', 'proxies of yours before the server, whose X-Forwarded-For is believed (default: none)', wholeNumber(1, 100))
  addKeyOptions(command).addHelpText(
    'after',
    `
Without keys it answers this machine alone. RUNFEED_SECRET_KEY (or the file) may hold several keys with commas, newest first, while one replaces another.
SIGINT and SIGTERM drain it: readers are told to come back, executing runs get a second.`,
  )
  command.action(async (options: ServeOptions) => await serve(options, outputOf(options.json === true)))
}

async function serve(options: ServeOptions, output: Output): Promise<never> {
  const { tasks: paths = [], port, host, data, memory = false, secretKeyFile } = options
  if (memory && data !== undefined) throw new UsageError('--memory and --data do not go together: what is in memory is in no folder')
  const secretKeys = secretKeysOf(secretKeyFile)
  reportStrayRejections()
  const files = await loadTasks(paths)
  const folder = memory ? undefined : (data ?? DEFAULT_DATA)
  const server = await openServer(folder, files, secretKeys, options)
  // asked for before the address is said: whoever reads that may stop us at once
  const stopped = untilSignal()
  let address: Awaited<ReturnType<typeof listen>>
  try {
    address = await listen(server, host, port)
  } catch (thrown) {
    await server.close()
    throw thrown
  }
  const tasks = files.tasks.map(({ id }) => id)
  say(output, address.url, folder, tasks, secretKeys.length)
  output.json({ url: address.url, port: address.port, data: folder ?? null, tasks, keys: secretKeys.length })
  await stopped
  output.note('  stopping …')
  return await stopWithin(CLOSE_WITHIN_MS, async () => await server.close())
}

async function openServer(
  folder: string | undefined,
  { tasks, config }: TaskFiles,
  secretKeys: readonly string[],
  { concurrency, heartbeat, allowOrigin, trustProxy }: ServeOptions,
): Promise<RunServer> {
  const { createRunServer } = await import('../server/create-run-server.ts')
  const engine = await openEngine(folder)
  try {
    return createRunServer({
      engine,
      tasks,
      concurrency,
      ...(config && { config }),
      ...(heartbeat !== undefined && { heartbeat }),
      ...(allowOrigin && { cors: { origins: allowOrigin } }),
      ...(trustProxy !== undefined && { trustProxy }),
      ...(secretKeys.length > 0 && { auth: { secretKeys } }),
    })
  } catch (thrown) {
    // it would hold the process
    await engine.close()
    throw new UsageError(toRunfeedError(thrown).message)
  }
}

async function openEngine(folder: string | undefined): Promise<EmbeddedEngine> {
  if (folder === undefined) return (await import('../engine/memory/memory-engine.ts')).memoryEngine()
  const { sqliteEngine } = await import('../engine/sqlite/sqlite-engine.ts')
  try {
    // one that it makes keeps itself out of git
    if (mkdirSync(folder, { recursive: true }) !== undefined) writeFileSync(join(folder, '.gitignore'), '*\n')
  } catch (thrown) {
    throw new UsageError(`runs cannot be kept in ${folder}: ${toRunfeedError(thrown).message}`)
  }
  return sqliteEngine({ file: join(folder, 'runs.db') })
}

function say({ line, style }: Output, url: string, folder: string | undefined, tasks: readonly string[], keys: number): void {
  line(`
  ${style('bold', 'runfeed')}

  ${style('green', '➜')}  ${style('cyan', url)}

  ${style('dim', tasks.length > 0 ? `executes ${tasks.join(', ')}` : 'executes nothing itself: runfeed worker --tasks <file> does')}
  ${style('dim', folder === undefined ? 'keeps runs in memory' : `keeps runs in ${folder}`)}
  ${style('dim', keys === 0 ? 'has no keys, and answers this machine alone' : `has ${keys === 1 ? '1 key' : `${keys} keys`}`)}
  ${style('dim', 'Ctrl+C stops.')}
`)
}
