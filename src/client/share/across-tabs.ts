// One connection for all tabs of a browser: `createRunClient({ baseUrl, share: acrossTabs() })`. It stands between a client and its transport, so that
// the client knows nothing of it: a session of the client is served by the group, and the leader's connection serves the group.
import type { RunfeedError } from '../../protocol/errors.ts'
import type { Frame } from '../../protocol/frame.ts'
import { HEARTBEAT_MS, PROTOCOL_VERSION } from '../../protocol/limits.ts'
import { topicOf, type Want } from '../../protocol/want.ts'
import type { Frames } from '../../transport/attempt.ts'
import type { Environment } from '../../transport/environment.ts'
import { Positions } from '../../transport/positions.ts'
import type { RunTransport, TransportLayer, Via } from '../../transport/run-transport.ts'
import { groupOf } from './identity.ts'
import { TabGroup, type TabSession } from './tab-group.ts'

export interface ShareOptions {
  /**
   * Who is signed in, where tokens do not say it. Whoever gives the same one may read the same runs.
   * @defaultValue the token's `sub`; without one nothing is shared
   */
  readonly identity?: string | undefined
}

/** How long a group is kept without a session: a client that reconnects is back before. */
const LINGER_MS = 5_000

/**
 * Shares one connection between the tabs of a browser that have the same server, identity and rights. Where there are no Web Locks, no
 * BroadcastChannel or no page, each client has its own connection, as without it.
 */
export const acrossTabs =
  ({ identity }: ShareOptions = {}): TransportLayer =>
  (below, environment) =>
    canShare() ? new SharedTransport(below, environment, identity) : below

const canShare = (): boolean =>
  typeof document !== 'undefined' && typeof BroadcastChannel === 'function' && (globalThis as { navigator?: Partial<Navigator> }).navigator?.locks !== undefined

/** What one connection of the client is read from. */
interface Reading {
  /** Where nothing may be shared. */
  alone: Frames | undefined
  /** When it was asked of the group. */
  sharedAt: number | undefined
}

class SharedTransport implements RunTransport {
  readonly #below: RunTransport
  readonly #environment: Environment
  readonly #identity: string | undefined
  readonly #listeners = new Set<() => void>()
  #group: TabGroup | undefined
  #sessions = 0
  #cancelLeave: (() => void) | undefined
  #stopSleep: (() => void) | undefined

  constructor(below: RunTransport, environment: Environment, identity: string | undefined) {
    this.#below = below
    this.#environment = environment
    this.#identity = identity
    below.onVia?.(() => this.#changed())
  }

  get origin(): string | undefined {
    // replacements of the client's are none of the origin's: they end at the group
    return this.#group ? undefined : this.#below.origin
  }
  get token(): RunTransport['token'] {
    return this.#below.token
  }
  get isRenewable(): boolean | undefined {
    return this.#below.isRenewable
  }
  request: RunTransport['request'] = (...call) => this.#below.request(...call)
  onVia = (listener: () => void): void => void this.#listeners.add(listener)
  via = (): Via => {
    const group = this.#group
    if (!group) return this.#below.via?.() ?? { transport: 'stream' }
    const own: Via = group.isLeader ? (this.#below.via?.() ?? { transport: 'stream' }) : { transport: 'shared', reason: 'another tab has the connection' }
    return { ...own, error: group.error }
  }

  stream(wants: readonly Want[], signal: AbortSignal): Frames {
    const reading: Reading = { alone: undefined, sharedAt: undefined }
    // the leader's connection waits for its token by itself
    const leftAt = (): number => reading.alone?.leftAt?.() ?? ((!this.#group?.isOpening && reading.sharedAt) || this.#environment.now())
    return Object.assign(this.#frames(wants, signal, reading), { hasPart: () => reading.alone?.hasPart?.() === true, leftAt })
  }

  async *#frames(wants: readonly Want[], signal: AbortSignal, reading: Reading): AsyncGenerator<Frame, void, undefined> {
    const token = await this.#below.token?.()
    const name = groupOf(this.#below.origin ?? '', this.#identity, token)
    if (signal.aborted) return
    if (name === undefined) {
      yield* (reading.alone = this.#below.stream(wants, signal))
      return
    }
    reading.sharedAt = this.#environment.now()
    // each is asked for with the token of the tab that asks
    const asked = token === undefined ? wants : wants.map((want) => ({ ...want, token: want.token ?? token }))
    yield* this.#session(name, asked, token, signal)
  }

  async *#session(name: string, wants: readonly Want[], token: string | undefined, signal: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    const positions = new Positions(wants)
    const queue: Frame[] = []
    const environment = this.#environment
    let failure: RunfeedError | undefined
    let isOpen = false
    /** Streams of which the leader's connection is further on. */
    const behind = new Set<string>()
    let wake = (): void => {}
    const push = (frame: Frame): void => {
      queue.push(frame)
      wake()
    }
    const session: TabSession = {
      id: ++lastSession,
      wants: () => positions.wants,
      opened: () => {
        isOpen = true
        push({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat: HEARTBEAT_MS, time: environment.now() } })
      },
      receive(frames) {
        for (const frame of frames) {
          const topic = frame.event === 'chunks' ? topicOf(frame.data) : ''
          if (!isAhead(frame, positions.of(topic))) {
            behind.delete(topic)
            positions.see(frame)
            push(frame)
          } else if (!behind.has(topic)) {
            // said once more: the leader is asking for the earlier ones by now, if it has heard of it
            behind.add(topic)
            group.ask(session)
          }
        }
      },
      ping() {
        if (isOpen) push({ event: 'ping', data: { time: environment.now() } })
      },
      fail(error) {
        failure = error
        wake()
      },
    }
    const group = this.#enter(name)
    group.token = token
    // at once, not when the reader next looks: a page that is left has no later
    const end = (): void => {
      group.remove(session.id)
      wake()
    }
    signal.addEventListener('abort', end)
    group.add(session)
    try {
      while (!signal.aborted) {
        const frame = queue.shift()
        if (frame) yield frame
        else if (failure) throw failure
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      signal.removeEventListener('abort', end)
      end()
      this.#exit()
    }
  }

  #enter(name: string): TabGroup {
    this.#cancelLeave?.()
    this.#cancelLeave = undefined
    this.#sessions++
    // a page in the back/forward cache that holds a lock or hears a channel is thrown out of it
    this.#stopSleep ??= this.#environment.onSleep?.(() => this.#leave())
    if (this.#group?.name !== name || this.#group.hasLeft) {
      this.#group?.leave()
      this.#group = new TabGroup(name, this.#below, this.#environment, () => this.#changed())
    }
    return this.#group
  }
  #exit(): void {
    if (--this.#sessions > 0) return
    this.#cancelLeave?.()
    this.#cancelLeave = this.#environment.setTimer(() => this.#leave(), LINGER_MS)
  }
  #leave(): void {
    this.#cancelLeave?.()
    this.#cancelLeave = undefined
    this.#stopSleep?.()
    this.#stopSleep = undefined
    this.#group?.leave()
    this.#group = undefined
  }
  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Chunks after those that the session is to have next: others are told them, and for its own the connection begins anew. */
const isAhead = ({ event, data }: Frame, want: Want | undefined): boolean => event === 'chunks' && want?.stream !== undefined && data.index > (want.index ?? 0)

let lastSession = 0
