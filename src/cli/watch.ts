// `runfeed watch <id>`: a run while it happens, until it ends.
import { type Command, Option } from 'commander'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { name, someText } from './option-values.ts'
import { type Output, outputOf } from './output.ts'
import { addProgressOptions, type ProgressKeys } from './progress.ts'
import { addServerOptions, type ServerOptions, type Server, serverOf, withAdvice } from './server-options.ts'
import { untilSignal } from './until-signal.ts'
import { Exit } from './usage-error.ts'

interface WatchOptions extends ServerOptions, ProgressKeys {
  readonly stream?: string
  readonly log: boolean
  readonly json?: boolean
}

export function addWatch(program: Command): void {
  const command = program
    .command('watch')
    .description('Shows a run while it happens, and ends with it: 0 when it is COMPLETED, 1 when it ends otherwise.')
    .argument('<id>', 'the run', someText)
    .addOption(new Option('--stream <key>', 'write the chunks of this stream, and nothing else: text as it is, what is no text as JSON').argParser(name))
    .option('--no-log', "without the lines of the task's logger")
  addServerOptions(addProgressOptions(command))
    .addHelpText('after', '\nWith --json each version that comes is the run, on a line. Ctrl+C stops watching; the run goes on.')
    .action(async (id: string, options: WatchOptions) => await watch(id, options, outputOf(options.json === true)))
}

async function watch(id: string, { stream, log, value, max, ...where }: WatchOptions, output: Output): Promise<void> {
  const server = serverOf(where)
  const keys = { ...(value && { value }), ...(max && { max }) }
  const run = stream === undefined ? await show(server, id, keys, log, output) : await pipe(server, id, stream, output)
  if (run.status !== 'COMPLETED') throw new Exit(1)
}

async function show(server: Server, id: string, keys: ProgressKeys, log: boolean, output: Output): Promise<Run> {
  const [{ followRun }, { runView }] = await Promise.all([import('./follow-run.ts'), import('./run-view.ts')])
  const view = runView(output, keys)
  try {
    const follower = {
      run(run: Run): void {
        output.json(run)
        view.run(run)
      },
      chunk: view.chunk,
      gap: (from: number, to: number) => view.note(`lines ${from} to ${to - 1} are no longer kept`),
      isAway: (is: boolean) => view.note(is ? 'the connection is lost; trying again' : 'connected again'),
    }
    const run = await untilInterrupted(followRun(server, id, log && !output.isJson ? 'log' : undefined, follower), () => view.stop())
    view.stop(run)
    return run
  } catch (thrown) {
    view.stop()
    throw withAdvice(thrown, server)
  }
}

/** A stream as it is: for text that is to be read or stored. */
async function pipe(server: Server, id: string, stream: string, output: Output): Promise<Run> {
  const { followRun } = await import('./follow-run.ts')
  let isLineOpen = false
  const follower = {
    run: () => {},
    chunk(chunk: Json): void {
      if (output.isJson) return output.json(chunk)
      const text = typeof chunk === 'string' ? chunk : `${JSON.stringify(chunk)}\n`
      process.stdout.write(text)
      if (text !== '') isLineOpen = !text.endsWith('\n')
    },
    gap: (from: number, to: number) => output.note(`chunks ${from} to ${to - 1} are no longer kept`),
    isAway: (is: boolean) => output.note(is ? 'the connection is lost; trying again' : 'connected again'),
  }
  try {
    const run = await untilInterrupted(followRun(server, id, stream, follower), () => {})
    if (isLineOpen && process.stdout.isTTY) process.stdout.write('\n')
    return run
  } catch (thrown) {
    throw withAdvice(thrown, server)
  }
}

/** Ctrl+C is no failure of the run: it goes on. */
export async function untilInterrupted<T>(work: Promise<T>, leave: () => void): Promise<T> {
  const interrupted = untilSignal().then((signal) => {
    leave()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  })
  return await Promise.race([work, interrupted])
}
