// `runfeed trigger <task> [payload]`: starts a run, and waits for it where that is asked for.
import { text } from 'node:stream/consumers'
import { type Command, InvalidArgumentError } from 'commander'
import { isJsonObject, type Json } from '../protocol/json.ts'
import type { RunHandle } from '../protocol/rest.ts'
import { httpBackend } from '../task/http/http-backend.ts'
import { retrying } from '../task/retrying.ts'
import type { TriggerOptions } from '../task/task-types.ts'
import { duration, jsonText, name, names, someText, wholeNumber } from './option-values.ts'
import { type Output, outputOf } from './output.ts'
import { endLines } from './run-words.ts'
import { addServerOptions, type Server, type ServerOptions, serverOf, withAdvice } from './server-options.ts'
import { Exit, UsageError } from './usage-error.ts'
import { untilInterrupted } from './watch.ts'

interface TriggerCommandOptions extends ServerOptions {
  readonly tag?: readonly string[]
  readonly metadata?: Json
  readonly idempotencyKey?: string
  readonly concurrencyKey?: string
  readonly delay?: number
  readonly ttl?: number
  readonly maxAttempts?: number
  readonly maxDuration?: number
  readonly wait?: boolean
  readonly json?: boolean
}

/** A server that restarts is waited for; one that is not there is said soon. */
const PATIENCE_MS = 2000

export function addTrigger(program: Command): void {
  const command = program
    .command('trigger')
    .description('Starts a run of a task, and prints its id.')
    .argument('<task>', 'the id of the task', name)
    .argument('[payload]', 'its payload as JSON; - reads it from stdin (default: null)')
    .option('--wait', 'wait for its end: 0 when it is COMPLETED, 1 when it ends otherwise')
    .option('--tag <tag>', 'a tag; may be repeated, or hold several with commas', names)
    .option('--metadata <json>', 'what its metadata begins with, a JSON object', jsonText)
    .option('--idempotency-key <key>', 'a second run of this task with this key is not made: the first one is answered', someText)
    .option('--concurrency-key <key>', "each key has the task's concurrency limit for itself", someText)
    .option('--delay <duration>', 'not executed before', duration)
    .option('--ttl <duration>', 'how long it waits to be executed before it is EXPIRED', duration)
    .option('--max-attempts <number>', 'executions in all', wholeNumber(1, 1_000_000))
    .option('--max-duration <duration>', 'what one attempt may execute', duration)
  addServerOptions(command)
    .addHelpText('after', `\nText is JSON with its quotes: runfeed trigger greet '"world"'. Lengths of time are ms, or such as 30s, 5m, 2h, 1d.`)
    .action(
      async (task: string, payload: string | undefined, options: TriggerCommandOptions) =>
        await trigger(task, payload, options, outputOf(options.json === true)),
    )
}

async function trigger(task: string, given: string | undefined, { wait = false, ...options }: TriggerCommandOptions, output: Output): Promise<void> {
  const server = serverOf(options)
  const payload = await payloadOf(given)
  const item = { id: task, ...(payload !== undefined && { payload }), options: triggerOptions(options) }
  let handle: RunHandle
  try {
    const [first] = await retrying(httpBackend({ url: server.url, secretKey: server.credential }).triggerOnce([item]), PATIENCE_MS)
    handle = first as RunHandle
  } catch (thrown) {
    throw withAdvice(thrown, server)
  }
  if (!wait) {
    output.json(handle)
    return output.line(handle.id)
  }
  output.note(handle.id)
  await waitFor(server, handle, output)
}

async function waitFor(server: Server, handle: RunHandle, output: Output): Promise<void> {
  const { followRun } = await import('./follow-run.ts')
  const follower = {
    run: () => {},
    chunk: () => {},
    gap: () => {},
    isAway: (is: boolean) => output.note(is ? 'the connection is lost; trying again' : 'connected again'),
  }
  // a public token may trigger and not read: what the trigger answered does
  const reader = handle.publicAccessToken !== undefined && server.credential !== server.secretKey ? { ...server, credential: handle.publicAccessToken } : server
  const run = await untilInterrupted(followRun(reader, handle.id, undefined, follower), () => output.note('stopped waiting; the run goes on'))
  output.json(run)
  for (const line of endLines(run, output)) output.line(line)
  if (run.status !== 'COMPLETED') throw new Exit(1)
}

async function payloadOf(given: string | undefined): Promise<Json | undefined> {
  if (given === undefined) return undefined
  const source = given === '-' ? await text(process.stdin) : given
  try {
    return jsonText(source)
  } catch (thrown) {
    throw thrown instanceof InvalidArgumentError ? new UsageError(`the payload${given === '-' ? ' from stdin' : ''} is refused. ${thrown.message}`) : thrown
  }
}

function triggerOptions({ tag, metadata, idempotencyKey, concurrencyKey, delay, ttl, maxAttempts, maxDuration }: TriggerCommandOptions): TriggerOptions {
  if (metadata !== undefined && !isJsonObject(metadata)) throw new UsageError('--metadata is a JSON object, such as {"source":"cli"}')
  return {
    ...(tag && { tags: tag }),
    ...(metadata !== undefined && { metadata }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(concurrencyKey !== undefined && { concurrencyKey }),
    ...(delay !== undefined && { delay }),
    ...(ttl !== undefined && { ttl }),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(maxDuration !== undefined && { maxDuration }),
  }
}
