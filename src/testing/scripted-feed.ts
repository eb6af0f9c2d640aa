// A feed that plays a script instead of a server: `at(t)` shows any moment of it. For tests, for stories, and for a page that is not there yet.
import { createRunClient, type RunClientInternals } from '../client/create-run-client.ts'
import type { RunClient } from '../client/run-client.ts'
import { ConnectionError, HttpError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import { topicOf, type Want } from '../protocol/want.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import { FrameQueue } from './frame-queue.ts'
import type { Script } from './script.ts'
import { SCRIPT_EPOCH } from './scripted-run.ts'
import { ScriptedWorld } from './scripted-world.ts'

export interface ScriptedFeedOptions extends RunClientInternals {
  readonly script: Script
  /** Where the script stands at first, in ms. @defaultValue 0 */
  readonly at?: number
}

export interface ScriptedFeed extends RunTransport {
  /** The time of the last step, in ms. */
  readonly duration: number
  readonly now: number
  /** Plays up to this moment; one that lies before `now` begins again, with a new client, because a client's state only goes forward. */
  at(time: number): void
  /** A client over this feed. Going back replaces it. */
  readonly client: { readonly getSnapshot: () => RunClient; readonly subscribe: (listener: () => void) => () => void }
  /** How many connections are open, for tests. */
  readonly connections: number
}

/** No pings come from a script, and none are missed. */
const HEARTBEAT_MS = 3_600_000

export function createScriptedFeed({ script, at: from = 0, ...internals }: ScriptedFeedOptions): ScriptedFeed {
  const steps = [...script].sort((a, b) => a.at - b.at)
  let world = new ScriptedWorld()
  let now = Number.NEGATIVE_INFINITY
  let next = 0
  let client: RunClient | undefined
  let waiting: (() => void)[] = []
  /** What was known when the connection was lost: who has been watching shows that. */
  let known: ScriptedWorld | undefined
  const seen = new Set<string>()
  const open = new Map<FrameQueue, ReadonlySet<string>>()
  const listeners = new Set<() => void>()

  function rewind(): void {
    world = new ScriptedWorld()
    next = 0
    known = undefined
    seen.clear()
    client?.close()
    client = undefined
    for (const queue of open.keys()) queue.end()
    open.clear()
  }

  function at(time: number): void {
    const goesBack = time < now
    if (goesBack) rewind()
    now = time
    for (let step = steps[next]; step && step.at <= time; step = steps[++next]) {
      for (const frame of world.apply(step)) for (const [queue, topics] of open) if (concerns(frame, topics)) queue.push(frame)
      if ('connection' in step) changeConnection()
    }
    if (goesBack) for (const listener of listeners) listener()
  }

  function changeConnection(): void {
    if (world.isOnline) {
      known = undefined
      for (const go of waiting) go()
      waiting = []
      return
    }
    known = new ScriptedWorld()
    for (const step of steps.slice(0, next)) known.apply(step)
    for (const queue of open.keys()) queue.end(lost())
    open.clear()
  }

  const lost = (): ConnectionError => new ConnectionError('the script lost the connection')

  /** A connection that is tried while there is no network stays in the air until it is back. */
  const online = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (world.isOnline) return resolve()
      waiting.push(resolve)
      signal.addEventListener('abort', () => reject(new ConnectionError('given up', signal.reason)), { once: true })
    })

  async function* stream(wants: readonly Want[], signal: AbortSignal): AsyncGenerator<Frame> {
    // A moment is what somebody sees who has watched since the beginning, also one at which there is no network.
    const isLate = known !== undefined && wants.some((want) => !seen.has(topicOf(want)))
    if (!isLate) await online(signal)
    const queue = new FrameQueue()
    const leave = (): void => queue.end()
    signal.addEventListener('abort', leave, { once: true })
    const topics = new Set(wants.map(topicOf))
    for (const topic of topics) seen.add(topic)
    queue.push({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat: HEARTBEAT_MS, time: SCRIPT_EPOCH + now } })
    for (const want of wants) for (const frame of (known ?? world).answer(want)) queue.push(frame)
    if (isLate) queue.end(lost())
    else open.set(queue, topics)
    try {
      yield* queue
    } finally {
      open.delete(queue)
      signal.removeEventListener('abort', leave)
    }
  }

  const feed: ScriptedFeed = {
    duration: steps.at(-1)?.at ?? 0,
    get now() {
      return now
    },
    get connections() {
      return open.size
    },
    at,
    stream,
    request(method, path): Promise<Json> {
      const [, id] = /^\/v1\/runs\/([^/]+)$/.exec(path) ?? []
      const run = method === 'GET' && id !== undefined ? world.run(decodeURIComponent(id)) : undefined
      if (!run) return Promise.reject(new HttpError(404, { type: 'not_found', message: `the script answers no ${method} ${path}` }))
      return Promise.resolve(structuredClone(run) as unknown as Json)
    },
    client: {
      getSnapshot: () => (client ??= createRunClient({ ...internals, transport: feed })),
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
  at(from)
  return feed
}

/** A stream's readers hear of its run's end too. */
function concerns(frame: Frame, topics: ReadonlySet<string>): boolean {
  switch (frame.event) {
    case 'open':
    case 'ping':
    case 'bye':
      return true
    case 'run':
      return topics.has(topicOf({ run: frame.data.run.id }))
    case 'patch':
      return topics.has(topicOf({ run: frame.data.run }))
    case 'end':
      return (
        topics.has(topicOf({ run: frame.data.run })) || Object.keys(frame.data.lengths).some((stream) => topics.has(topicOf({ run: frame.data.run, stream })))
      )
    case 'chunks':
    case 'stream':
    case 'gap':
    case 'denied':
      return topics.has(topicOf(frame.data))
    case 'list':
    case 'enter':
    case 'leave':
      return topics.has(topicOf({ query: frame.data.query }))
    default:
      return frame satisfies never
  }
}
