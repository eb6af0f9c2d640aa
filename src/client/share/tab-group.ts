// The tabs of one group and which of them leads: a lock says who, beats say that it lives, a term tells a new leader from one that woke up late.
import { ConnectionError, type RunfeedError } from '../../protocol/errors.ts'
import type { Frame } from '../../protocol/frame.ts'
import type { Want } from '../../protocol/want.ts'
import type { ConnectionSnapshot } from '../../transport/connection-status.ts'
import type { Environment } from '../../transport/environment.ts'
import type { RunTransport } from '../../transport/run-transport.ts'
import { Hub } from './hub.ts'
import type { TabMessage } from './messages.ts'

const BEAT_MS = 500
/** A leader that is silent for so long is frozen, or gone without a word. */
const SILENT_MS = 1_500
/** How often a leader looks for tabs that went without a word. */
const ROLL_CALL_MS = 5_000

/** One connection of this tab's client, as the group serves it. */
export interface TabSession {
  readonly id: number
  /** What it asks for, from where it is now. */
  wants(): readonly Want[]
  opened(): void
  receive(frames: readonly Frame[]): void
  ping(): void
  /** The leader is this tab, and its server will not have it. */
  fail(error: RunfeedError): void
}

export class TabGroup {
  readonly name: string
  readonly #transport: RunTransport
  readonly #environment: Environment
  readonly #changed: () => void
  readonly #tab: string = `${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`
  readonly #channel: BroadcastChannel
  readonly #sessions = new Map<number, TabSession>()
  /** Ends what was asked of the lock manager. */
  readonly #left = new AbortController()
  #queued: AbortController | undefined
  #hub: Hub | undefined
  #resign: () => void = () => {}
  /** The newest of this tab's own. */
  token: string | undefined
  #term = 0
  #beatAt: number
  #isOpen = false
  #error: RunfeedError | undefined
  #stopTimer: () => void = () => {}
  #rollCallAt = 0
  #offeredAt = 0
  #isStealing = false

  constructor(name: string, transport: RunTransport, environment: Environment, changed: () => void) {
    this.name = name
    this.#transport = transport
    this.#environment = environment
    this.#changed = changed
    this.#beatAt = environment.now()
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#receive(data)
    document.addEventListener('visibilitychange', this.#seen)
    // held for as long as this tab lives: its end tells the leader what it did not say itself
    void this.#lock(
      `${name} ${this.#tab}`,
      { signal: this.#left.signal },
      () => new Promise<void>((resolve) => this.#left.signal.addEventListener('abort', () => resolve())),
    )
    this.#queue()
    this.#post({ kind: 'here', tab: this.#tab, isVisible: isVisible() })
    this.#tick()
  }

  get isLeader(): boolean {
    return this.#hub !== undefined
  }
  /** Somebody leads, and the connection has neither opened nor failed: that watches itself. */
  get isOpening(): boolean {
    return !this.#isOpen && !this.#error && (this.#hub !== undefined || this.#environment.now() - this.#beatAt < SILENT_MS)
  }
  get hasLeft(): boolean {
    return this.#left.signal.aborted
  }
  /** Why the group's connection is lost, for now. */
  get error(): RunfeedError | undefined {
    return this.#error
  }

  add(session: TabSession): void {
    this.#sessions.set(session.id, session)
    this.ask(session)
    if (this.#isOpen) session.opened()
  }
  remove(id: number): void {
    if (!this.#sessions.delete(id)) return
    this.#tell({ kind: 'drop', tab: this.#tab, session: id })
  }

  /** This tab is in the group no longer, and leads it no longer. */
  leave(): void {
    if (this.#left.signal.aborted) return
    this.#post({ kind: 'drop', tab: this.#tab })
    this.#stopTimer()
    document.removeEventListener('visibilitychange', this.#seen)
    this.#queued?.abort()
    this.#left.abort()
    this.#depose()
    this.#resign()
    this.#channel.close()
  }

  /** Waits for its turn to lead. */
  #queue(): void {
    const queued = new AbortController()
    this.#queued = queued
    void this.#lock(this.name, { signal: queued.signal }, () => this.#lead())
  }
  #steal(): void {
    if (this.#isStealing || this.#hub) return
    this.#isStealing = true
    // one cannot be taken while one's own request stands in line for it
    this.#queued?.abort()
    void this.#lock(this.name, { steal: true }, () => this.#lead()).finally(() => {
      this.#isStealing = false
    })
  }
  async #lock(name: string, options: LockOptions, held: () => Promise<void>): Promise<void> {
    try {
      await navigator.locks.request(name, options, held)
    } catch {
      // given up by us, or stolen: whoever stole it leads
      if (name !== this.name || this.#left.signal.aborted || options.signal?.aborted) return
      this.#depose()
      this.#queue()
    }
  }

  #lead(): Promise<void> {
    this.#isStealing = false
    if (this.#left.signal.aborted) return Promise.resolve()
    // a tab that has seen no leader must not be taken for an old one
    this.#term = Math.max(this.#term + 1, this.#environment.now())
    this.#isOpen = false
    this.#hub = new Hub(this.#transport, this.#environment, {
      send: (frames, to, session) => this.#send(frames, to, session),
      ownToken: () => this.token,
      changed: (snapshot) => this.#hubChanged(snapshot),
      refused: (error) => {
        // another tab's token may be better
        const sessions = [...this.#sessions.values()]
        this.leave()
        for (const session of sessions) session.fail(error)
      },
    })
    for (const session of this.#sessions.values()) this.ask(session)
    this.#beat()
    this.#changed()
    return new Promise<void>((resolve) => {
      this.#resign = resolve
    })
  }
  #depose(): void {
    this.#hub?.close()
    this.#hub = undefined
    this.#isOpen = false
    this.#changed()
  }

  #hubChanged({ status, error }: ConnectionSnapshot): void {
    const isOpen = status === 'open'
    this.#standsAs(isOpen, status === 'reconnecting' ? error : undefined)
    if (this.#hub) this.#beat()
  }
  #standsAs(isOpen: boolean, error: RunfeedError | undefined): void {
    const opens = isOpen && !this.#isOpen
    this.#isOpen = isOpen
    // it was never open here: that is not a loss
    this.#error = error
    if (opens) for (const session of this.#sessions.values()) session.opened()
    this.#changed()
  }

  /** The leader watches the server. Sessions have nothing to watch but the leader: not a feed that is quiet, nor one that is lost just now. */
  #ping(): void {
    for (const session of this.#sessions.values()) session.ping()
  }

  #beat(): void {
    const { status, error } = this.#hub?.snapshot ?? {}
    const lost = status === 'reconnecting' ? error : undefined
    this.#post({ kind: 'beat', term: this.#term, isOpen: status === 'open', ...(lost && { error: { type: lost.type, message: lost.message } }) })
  }
  #send(frames: readonly Frame[], to?: string, session?: number): void {
    if (to !== this.#tab) this.#post({ kind: 'frames', term: this.#term, to, session, frames })
    if (to === undefined || to === this.#tab) this.#tellSessions(frames, session)
  }
  #tellSessions(frames: readonly Frame[], only: number | undefined): void {
    for (const session of this.#sessions.values()) if (only === undefined || only === session.id) session.receive(frames)
  }

  #receive(message: TabMessage): void {
    switch (message.kind) {
      case 'beat':
        return this.#beaten(message)
      case 'frames':
        if (message.term !== this.#term || this.#hub || (message.to !== undefined && message.to !== this.#tab)) return
        this.#beatAt = this.#environment.now()
        return this.#tellSessions(message.frames, message.session)
      case 'yield':
        if (message.to === this.#tab && message.term >= this.#term) this.#steal()
        return
      case 'here':
        // whoever comes knows at once that somebody leads
        if (this.#hub) this.#beat()
        if (message.isVisible) this.#offer(message.tab)
        // a leader that has just been hidden learns who is seen
        else if (!this.#hub && isVisible()) this.#post({ kind: 'here', tab: this.#tab, isVisible: true })
        return
      case 'want':
        return this.#hub?.want(message.tab, message.session, message.wants)
      case 'drop':
        return this.#hub?.drop(message.tab, message.session)
      default:
        message satisfies never
    }
  }

  #beaten({ term, isOpen, error }: Extract<TabMessage, { kind: 'beat' }>): void {
    // from one that was stolen from and does not know it yet
    if (term <= this.#term && this.#hub) return
    if (term < this.#term) return
    // what was stolen while we were frozen is not ours any more
    if (this.#hub) this.#depose()
    this.#beatAt = this.#environment.now()
    const isNew = term > this.#term
    this.#term = term
    if (isNew) {
      this.#isOpen = false
      for (const session of this.#sessions.values()) this.ask(session)
      this.#post({ kind: 'here', tab: this.#tab, isVisible: isVisible() })
    }
    this.#standsAs(isOpen, error && new ConnectionError(error.message))
    this.#ping()
  }

  readonly #seen = (): void => {
    this.#post({ kind: 'here', tab: this.#tab, isVisible: isVisible() })
    if (!isVisible()) return
    // what came while nobody looked is old news
    this.#tick()
  }
  /** A leader that nobody sees is slowed down by the browser: one that is seen takes over. */
  #offer(tab: string): void {
    const now = this.#environment.now()
    // to one of them
    if (!this.#hub || isVisible() || now - this.#offeredAt < BEAT_MS) return
    this.#offeredAt = now
    this.#post({ kind: 'yield', term: this.#term, to: tab })
  }

  #tick(): void {
    this.#stopTimer()
    if (this.#left.signal.aborted) return
    const now = this.#environment.now()
    if (this.#hub) {
      this.#beat()
      this.#ping()
      if (now >= this.#rollCallAt) this.#callRoll(now)
    } else if (now - this.#beatAt > SILENT_MS && isVisible()) this.#steal()
    this.#stopTimer = this.#environment.setTimer(() => this.#tick(), BEAT_MS)
  }
  #callRoll(now: number): void {
    this.#rollCallAt = now + ROLL_CALL_MS
    const hub = this.#hub
    navigator.locks
      .query()
      .then(({ held = [] }) => {
        const there = new Set(held.map(({ name }) => name))
        for (const tab of hub?.tabs ?? []) if (tab !== this.#tab && !there.has(`${this.name} ${tab}`)) hub?.drop(tab)
      })
      .catch(() => {})
  }

  /** Asks for what the session wants, from where it is now. */
  ask(session: TabSession): void {
    this.#tell({ kind: 'want', tab: this.#tab, session: session.id, wants: session.wants() })
  }
  /** To whoever leads. */
  #tell(message: Extract<TabMessage, { kind: 'want' | 'drop' }>): void {
    if (this.#hub) this.#receive(message)
    else this.#post(message)
  }
  #post(message: TabMessage): void {
    if (!this.#left.signal.aborted) this.#channel.postMessage(message)
  }
}

const isVisible = (): boolean => document.visibilityState === 'visible'
