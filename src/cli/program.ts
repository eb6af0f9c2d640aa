// All commands, and how a call ends: 0 when it did what was asked, 1 when that failed, 2 when the call is wrong.
import { createRequire } from 'node:module'
import { styleText } from 'node:util'
import { Command, CommanderError } from 'commander'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { hasColours, printable } from './output.ts'
import { addRecord } from './record.ts'
import { addRuns } from './runs.ts'
import { addServe } from './serve.ts'
import { addToken } from './token.ts'
import { addTrigger } from './trigger.ts'
import { Exit, UsageError } from './usage-error.ts'
import { addWatch } from './watch.ts'
import { addWorker } from './worker.ts'

const AFTER_HELP = `
Every command takes --json: results are then JSON, one value on each line, and a failure is {"error":{"type","message"}} on stderr.
Exit codes: 0 done (of a run that is waited for: COMPLETED), 1 failed, 2 the call is wrong, 130 stopped by Ctrl+C.
Environment: RUNFEED_URL, RUNFEED_SECRET_KEY, RUNFEED_TOKEN, NO_COLOR.`

function createProgram(): Command {
  const program = new Command('runfeed')
    .description('Starts runs, executes them, and shows them while they happen.')
    .version(version(), '-V, --version', 'the version of runfeed')
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'the help of a command')
    .addHelpText('after', AFTER_HELP)
  for (const add of [addServe, addWorker, addRuns, addWatch, addTrigger, addToken, addRecord]) add(program)
  for (const command of [program, ...program.commands]) {
    // what is wrong is said once, in one form, by the catch below
    command.exitOverride().configureOutput({ outputError: () => {} })
    if (command !== program) command.option('--json', 'results as JSON, one value on each line').helpOption('-h, --help', 'this text')
  }
  return program
}

/** @returns the exit code */
export async function runProgram(args: readonly string[]): Promise<number> {
  const program = createProgram()
  try {
    // without a command it is a question, and help is its answer
    if (args.length === 0) program.help()
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (thrown) {
    if (thrown instanceof Exit) return thrown.code
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0
      return fail(new UsageError(`${thrown.message.replace(/^error: /, '')} (--help says more)`), args)
    }
    return fail(toRunfeedError(thrown), args)
  }
}

/** Says it on stderr. @returns the exit code */
export function fail(error: RunfeedError, args: readonly string[]): number {
  const { stderr } = process
  if (args.includes('--json')) stderr.write(`${JSON.stringify({ error: error.toJSON() })}\n`)
  else stderr.write(`${hasColours(stderr) ? styleText('red', '✗', { validateStream: false }) : '✗'} ${printable(error.message)}\n`)
  return error instanceof UsageError ? 2 : 1
}

function version(): string {
  // by its own name: the file is elsewhere in the package than here
  return (createRequire(import.meta.url)('runfeed/package.json') as { readonly version: string }).version
}
