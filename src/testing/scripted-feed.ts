// A feed that plays a script instead of a server: `at(t)` shows any moment of it. For tests, for stories, and for a page that is not there yet.
import { createRunClient, type RunClientInternals } from '../client/create-run-client.ts'
import type { RunClient } from '../client/run-client.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import { topicOf, type Want } from '../protocol/want.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import type { Script } from './script.ts'
import type { ScriptedCall, ScriptedReaction } from './scripted-call.ts'
import { scriptedRest } from './scripted-rest.ts'
import { SCRIPT_EPOCH } from './scripted-run.ts'
import { ScriptedSession } from './scripted-session.ts'
import { ScriptedWorld } from './scripted-world.ts'
import { Timeline } from './timeline.ts'

export interface ScriptedFeedOptions extends RunClientInternals {
  /** @defaultValue nothing happens by itself */
  readonly script?: Script
  /** What the runs of a task do once they are triggered, by the task's id. One that is not here does not exist. @defaultValue there are none */
  readonly tasks?: { readonly [task: string]: ScriptedReaction }
  /** What a run does once it was asked to stop, in the place of all that it would have done. @defaultValue it is CANCELED at once */
  readonly cancel?: ScriptedReaction
  /** Where the script stands at first, in ms. @defaultValue 0 */
  readonly at?: number
}

export interface ScriptedFeed extends RunTransport {
  /** The time of the last step, in ms; what was triggered counts. */
  readonly duration: number
  readonly now: number
  /** The triggers, replays and cancels that were not refused, up to `now`: going back to before one undoes it. */
  readonly calls: readonly ScriptedCall[]
  /** Plays up to this moment; one that lies before `now` begins again, with a new client, because a client's state only goes forward. */
  at(time: number): void
  /** A client over this feed. Going back replaces it. */
  readonly client: { readonly getSnapshot: () => RunClient; readonly subscribe: (listener: () => void) => () => void }
  /** How many connections are open, for tests. */
  readonly connections: number
}

const canceled: ScriptedReaction = ({ id }) => [{ at: 0, run: { id, status: 'CANCELED', error: { type: 'canceled', message: 'the run was canceled' } } }]

/** No pings come from a script, and none are missed. */
const HEARTBEAT_MS = 3_600_000

export function createScriptedFeed({ script = [], tasks = {}, cancel = canceled, at: from = 0, ...internals }: ScriptedFeedOptions): ScriptedFeed {
  const timeline = new Timeline(script)
  let world = new ScriptedWorld()
  let now = Number.NEGATIVE_INFINITY
  let next = 0
  let client: RunClient | undefined
  let waiting: (() => void)[] = []
  /** What was known when the connection was lost: who has been watching shows that. */
  let known: ScriptedWorld | undefined
  const seen = new Set<string>()
  const open = new Set<ScriptedSession>()
  const listeners = new Set<() => void>()

  function rewind(): void {
    world = new ScriptedWorld()
    next = 0
    known = undefined
    seen.clear()
    client?.close()
    client = undefined
    for (const { queue } of open) queue.end()
    open.clear()
  }

  function at(time: number): void {
    const goesBack = time < now
    if (goesBack) {
      rewind()
      timeline.undoAfter(time)
    }
    now = time
    play()
    if (goesBack) for (const listener of listeners) listener()
  }

  function play(): void {
    const { steps } = timeline
    for (let step = steps[next]; step && step.at <= now; step = steps[++next]) {
      const frames = world.apply(step)
      for (const session of open) session.tell(frames, world)
      if ('connection' in step) changeConnection()
    }
  }

  function changeConnection(): void {
    if (world.isOnline) {
      known = undefined
      for (const go of waiting) go()
      waiting = []
      return
    }
    // nobody knows anything of a script that begins like this: who watches waits
    if (next > 0) known = new ScriptedWorld()
    for (const step of timeline.steps.slice(0, next)) known?.apply(step)
    for (const { queue } of open) queue.end(lost())
    open.clear()
  }

  const lost = (): ConnectionError => new ConnectionError('the script lost the connection')

  /** A connection that is tried while there is no network stays in the air until it is back. */
  const online = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      if (world.isOnline) return resolve()
      waiting.push(resolve)
      signal?.addEventListener('abort', () => reject(new ConnectionError('given up', signal.reason)), { once: true })
    })

  async function* stream(wants: readonly Want[], signal: AbortSignal, isPoll = false): AsyncGenerator<Frame> {
    // A moment is what somebody sees who has watched since the beginning, also one at which there is no network.
    const isLate = known !== undefined && wants.some((want) => !seen.has(topicOf(want)))
    if (!isLate) await online(signal)
    const session = new ScriptedSession(wants)
    const { queue } = session
    const leave = (): void => queue.end()
    signal.addEventListener('abort', leave, { once: true })
    for (const want of wants) seen.add(topicOf(want))
    queue.push({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat: HEARTBEAT_MS, time: SCRIPT_EPOCH + now } })
    session.begin(known ?? world)
    if (isLate) queue.end(lost())
    else if (isPoll) queue.end()
    else open.add(session)
    try {
      yield* queue
    } finally {
      open.delete(session)
      signal.removeEventListener('abort', leave)
    }
  }

  const stage = {
    timeline,
    online,
    play,
    get now() {
      return now
    },
    get world() {
      return world
    },
    get known() {
      return known
    },
  }
  const feed: ScriptedFeed = {
    get duration() {
      return timeline.steps.at(-1)?.at ?? 0
    },
    get calls() {
      return timeline.calls
    },
    get now() {
      return now
    },
    get connections() {
      return open.size
    },
    at,
    stream,
    request: scriptedRest(stage, { tasks, cancel }),
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
