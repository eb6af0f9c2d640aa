// The REST calls of a client, answered from a script. What a page asks for happens at the moment at which the script stands.
import { ConnectionError, HttpError, InvalidRequestError, RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { RunHandle, TriggerOptions } from '../protocol/rest.ts'
import type { NewRun, Run } from '../protocol/run.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import type { Script } from './script.ts'
import type { ScriptedCall, ScriptedReaction } from './scripted-call.ts'
import { historyOf } from './scripted-history.ts'
import { listRequestOf } from './scripted-list.ts'
import { SCRIPT_EPOCH } from './scripted-run.ts'
import { checkedRun, delayOf, madeRun, reactionOf, type ScriptedTasks } from './scripted-trigger.ts'
import type { ScriptedWorld } from './scripted-world.ts'
import type { Timeline } from './timeline.ts'

/** What the calls are made to. */
export interface Stage {
  readonly now: number
  readonly timeline: Timeline
  readonly world: ScriptedWorld
  /** What can be read: without a network, what was known when it went. */
  readonly known: ScriptedWorld | undefined
  /** Resolves once there is a network. */
  online(signal: AbortSignal | undefined): Promise<void>
  /** Plays what a call has added. */
  play(): void
}

export interface Reactions {
  readonly tasks: ScriptedTasks
  readonly cancel: ScriptedReaction
}

const ROUTE = /^(GET|POST) \/v1\/(runs|tasks)(?:\/([^/?]+)(?:\/([a-z]+))?)?(?:\?(.*))?$/

export function scriptedRest(stage: Stage, { tasks, cancel }: Reactions): RunTransport['request'] {
  const read = async (signal: AbortSignal | undefined): Promise<ScriptedWorld> => {
    if (!stage.known) await stage.online(signal)
    return stage.known ?? stage.world
  }
  const find = (world: ScriptedWorld, id: string): Run => {
    const run = world.run(id)
    if (run) return run
    throw new RunfeedError('not_found', `${id} does not exist`)
  }

  /** Up to its first promise it is done in one go: a call is made at the moment at which it was called. */
  async function take(call: ScriptedCall, reaction: Script | Promise<Script>, signal: AbortSignal | undefined, steps: (reaction: Script) => Script) {
    const { timeline } = stage
    const instead = call.action === 'cancel' ? call.run : undefined
    timeline.ask(call)
    if ('then' in reaction) {
      try {
        reaction = await beforeAbort(reaction, signal)
        if (!timeline.calls.includes(call)) throw new ConnectionError('the script was moved to before this call; call again')
        if (!stage.world.isOnline) throw offline()
      } catch (thrown) {
        timeline.withdraw(call)
        throw thrown
      }
    }
    timeline.take(call, stage.now, steps(reaction), instead)
    stage.play()
  }

  /** The same ids each time. */
  function newId(): string {
    const isUsed = (id: string): boolean => stage.world.run(id) !== undefined || stage.timeline.calls.some(({ run }) => run === id)
    let number = 1
    while (isUsed(`run_triggered_${number}`)) number++
    return `run_triggered_${number}`
  }

  async function start(wanted: NewRun, delay: number, call: (id: string) => ScriptedCall, reaction: ScriptedReaction, signal: AbortSignal | undefined) {
    const id = newId()
    const made = (): Run => madeRun(wanted, id, delay, SCRIPT_EPOCH + stage.now)
    await take(call(id), reaction(made()), signal, (script) => [
      { at: 0, run: made() },
      ...(delay > 0 ? [{ at: delay, run: { id, status: 'QUEUED' } }] : []),
      ...script.map((step) => ({ ...step, at: Math.max(0, step.at) + delay })),
    ])
    return { id }
  }

  async function trigger(task: string, body: Json | undefined, signal: AbortSignal | undefined): Promise<RunHandle> {
    const reaction = reactionOf(tasks, task)
    // as it would come over the wire
    const { payload = null, options = {} } = JSON.parse(JSON.stringify(body ?? {})) as { readonly payload?: Json; readonly options?: TriggerOptions }
    const wanted = checkedRun(task, payload, options)
    const asked = { action: 'trigger', at: stage.now, task, payload, options } as const
    const key = options.idempotencyKey
    const first = stage.timeline.calls.find((call) => call.action === 'trigger' && call.task === task && call.options.idempotencyKey === key)
    if (key === undefined || !first) return await start(wanted, delayOf(options), (run) => ({ ...asked, run }), reaction, signal)
    stage.timeline.ask({ ...asked, run: first.run })
    return { id: first.run }
  }

  async function replay(replayOf: string, signal: AbortSignal | undefined): Promise<RunHandle> {
    const at = stage.now
    const { task, payload, tags } = find(stage.world, replayOf)
    // as on a server, where nobody may execute the task any more: then it waits
    const reaction = Object.hasOwn(tasks, task) ? reactionOf(tasks, task) : (): Script => []
    return await start({ task, payload, tags, replayOf }, 0, (run) => ({ action: 'replay', at, replayOf, run }), reaction, signal)
  }

  async function stop(id: string, signal: AbortSignal | undefined): Promise<Run> {
    const run = find(stage.world, id)
    const isAsked = run.cancelRequestedAt !== null || stage.timeline.calls.some((call) => call.action === 'cancel' && call.run === id)
    const call = { action: 'cancel', at: stage.now, run: id } as const
    if (isAsked || run.finishedAt !== null) stage.timeline.ask(call)
    else {
      const isHeld = run.status === 'EXECUTING' || run.status === 'WAITING'
      const told = (): Script => (isHeld ? [{ at: 0, run: { id, cancelRequestedAt: SCRIPT_EPOCH + stage.now } }] : [])
      await take(call, cancel(run), signal, (script) => [...told(), ...script])
    }
    return find(stage.world, id)
  }

  async function answer(method: string, path: string, body: Json | undefined, signal: AbortSignal | undefined): Promise<unknown> {
    const [, , room, part, action, search = ''] = ROUTE.exec(`${method} ${path}`) ?? []
    const name = part === undefined ? undefined : decodeURIComponent(part)
    const called = `${method} ${room} ${action ?? ''}`.trim()
    if (called === 'GET runs') {
      const world = await read(signal)
      return name === undefined ? world.list(listRequestOf(search)) : find(world, name)
    }
    if (called === 'GET runs history' && name !== undefined) {
      const world = await read(signal)
      find(world, name)
      const asked = new URLSearchParams(search)
      return historyOf(world.versions(name), wholeOf(asked, 'after', 0, 0, Number.MAX_SAFE_INTEGER), wholeOf(asked, 'limit', 100, 1, 1000))
    }
    if (method === 'POST' && !stage.world.isOnline) throw offline()
    if (name !== undefined && called === 'POST tasks trigger') return await trigger(name, body, signal)
    if (name !== undefined && called === 'POST runs cancel') return await stop(name, signal)
    if (name !== undefined && called === 'POST runs replay') return await replay(name, signal)
    throw new RunfeedError('not_found', `the script answers no ${method} ${path}`)
  }

  return async (method, path, body, signal) => {
    try {
      if (signal?.aborted) throw signal.reason
      // who gets it may change it
      return structuredClone(await answer(method, path, body, signal)) as Json
    } catch (thrown) {
      throw overTheWire(thrown)
    }
  }
}

const offline = (): ConnectionError => new ConnectionError('the script has no connection at this moment')

/** @returns the value, where there is one before the caller gives up. */
async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  let giveUp = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal?.reason)
  })
  signal?.addEventListener('abort', giveUp)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

function wholeOf(search: URLSearchParams, name: string, missing: number, min: number, max: number): number {
  const text = search.get(name)
  const value = text === null ? missing : Number(text)
  if (text !== '' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new InvalidRequestError(`${name}: it is a whole number from ${min} to ${max}`, { field: name })
}

const STATUS: { readonly [type: string]: number } = {
  unauthorized: 401,
  token_expired: 401,
  forbidden: 403,
  not_found: 404,
  run_ended: 409,
  too_large: 413,
  metadata_too_large: 413,
  too_many_requests: 429,
  unavailable: 503,
}

/** As a server's refusal arrives. What is no error of ours is a mistake in the script, and comes as it is. */
function overTheWire(thrown: unknown): unknown {
  if (!(thrown instanceof RunfeedError) || thrown instanceof HttpError || thrown instanceof ConnectionError) return thrown
  return new HttpError(STATUS[thrown.type] ?? 400, thrown.toJSON())
}
