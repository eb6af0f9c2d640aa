// `runfeed` as a process of its own, and what it says.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { type Ended, type Heard, heard } from '../support/heard.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'src/cli/main.ts')
/** A process that starts takes a third of the time: what it compiles is kept, by its content. */
const CACHE = join(ROOT, '.cache', 'compiled')
export const TASKS: string = join(ROOT, 'test/cli/tasks/tasks.ts')

export type Command = Heard

export interface Settings {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly cwd?: string
  /** At a terminal of its own, which util-linux' `script` makes. */
  readonly isTerminal?: boolean
}

/** Starts it; it is gone when the test ends. Not in tests that run side by side: use `run` there. */
export function start(args: readonly string[], settings?: Settings): Command {
  const command = begin(args, settings)
  onTestFinished(() => void command.process.kill('SIGKILL'))
  return command
}

/** One that ends by itself. */
export const run = async (args: readonly string[], settings?: Settings): Promise<Ended> => await begin(args, settings).ended

/** What hangs is not left behind. */
const LONGEST_MS = 55_000

function begin(args: readonly string[], { env = {}, input = '', cwd = ROOT, isTerminal = false }: Settings = {}): Command {
  const words = [process.execPath, '--conditions=@runfeed/source', MAIN, ...args]
  const line = `stty cols 100 rows 40; exec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`
  const [file, ...rest] = isTerminal ? ['script', '-qec', line, '/dev/null'] : words
  // what the machine has set is not the test's
  const { RUNFEED_URL: _url, RUNFEED_SECRET_KEY: _key, RUNFEED_TOKEN: _token, FORCE_COLOR: _force, NO_COLOR: _no, CI: _ci, ...own } = process.env
  const child = spawn(file as string, rest, {
    cwd,
    env: { ...own, TERM: 'xterm', NODE_COMPILE_CACHE: CACHE, ...env },
    stdio: 'pipe',
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  })
  const command = heard(child)
  // it may end before it has read all
  child.stdin.on('error', () => {})
  if (!isTerminal) child.stdin.end(input)
  return command
}

/** The lines of a result, each as JSON. */
export const jsonLines = (text: string): readonly Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

export interface Served extends Command {
  readonly url: string
  readonly port: number
}

/** A server as a process; in memory where no folder is named. */
export async function serve(args: readonly string[] = [], settings: Settings = {}): Promise<Served> {
  const command = start(
    ['serve', '--json', ...(args.includes('--port') ? [] : ['--port', '0']), ...(args.includes('--data') ? [] : ['--memory']), ...args],
    settings,
  )
  const [line] = await command.said(/\{"url".*\}\n/)
  return { ...command, ...(JSON.parse(line) as { readonly url: string; readonly port: number }) }
}

/** An empty folder, gone when the test ends. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'runfeed-cli-'))
  onTestFinished(async () => await rm(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}
