// The leader's part: one connection for what all tabs ask for, and what a tab that comes later must be told first.
import type { RunfeedError } from '../../protocol/errors.ts'
import type { Frame, Member } from '../../protocol/frame.ts'
import { MAX_WANTS } from '../../protocol/limits.ts'
import { runTopic, topicOf, type Want } from '../../protocol/want.ts'
import type { Session } from '../../transport/attempt.ts'
import { Connection } from '../../transport/connection.ts'
import type { ConnectionSnapshot } from '../../transport/connection-status.ts'
import type { Environment } from '../../transport/environment.ts'
import { Positions } from '../../transport/positions.ts'
import type { RunTransport } from '../../transport/run-transport.ts'
import { Demand } from './demand.ts'
import { isSamePlace, lower, withoutPlace } from './places.ts'
import { Refusals } from './refusals.ts'
import { Told } from './told.ts'

export interface HubHost {
  /** @param to - one tab alone. @param session - one of its sessions alone. */
  send(frames: readonly Frame[], to?: string, session?: number): void
  /** With which the connection is opened. */
  ownToken(): string | undefined
  changed(snapshot: ConnectionSnapshot): void
  refused(error: RunfeedError): void
}

/** How long a new leader waits for what the other tabs ask for, so that it opens once. */
const GATHER_MS = 60
/** How long tabs have to say that they ask for nothing more, when the server has nothing more to say. */
const DONE_MS = 250

interface HubSession extends Session {
  readonly positions: Positions
}

export class Hub {
  readonly #host: HubHost
  readonly #refusals: Refusals
  readonly #connection: Connection
  readonly #told = new Told()
  readonly #demand: Demand = new Demand(this.#told)
  #isGathering = true

  constructor(transport: RunTransport, environment: Environment, host: HubHost) {
    this.#host = host
    const demand = this.#demand
    this.#refusals = new Refusals(demand, this.#told, host)
    this.#connection = new Connection(transport, environment, {
      open: () => {
        const own = host.ownToken()
        const wants = demand.fitting(own, (want) =>
          this.#refusals.refuse(want, 'too_many_wants', `the tabs of one browser follow at most ${MAX_WANTS} runs and streams at a time`),
        )
        if (wants.length === 0) return undefined
        const positions = new Positions(wants)
        demand.positions = positions
        this.#refusals.opened(wants, own)
        demand.again.clear()
        const session: HubSession = {
          positions,
          wants,
          receive: (frame) => this.#receive(frame, positions, session, own),
          isDone: async () => {
            await new Promise<void>((resolve) => environment.setTimer(resolve, DONE_MS))
            // a tab that is frozen says nothing
            return demand.wants().length === 0
          },
          ended: () => {},
        }
        return session
      },
      changed: (snapshot) => host.changed(snapshot),
      refused: (error, kept) => {
        if (!kept) host.refused(error)
        else if (this.#refusals.replacement((kept as HubSession).positions, error)) this.#connection.refresh()
      },
    })
    environment.setTimer(() => {
      this.#isGathering = false
      if (demand.sessions.length > 0) this.#connection.refresh()
    }, GATHER_MS)
  }

  get snapshot(): ConnectionSnapshot {
    return this.#connection.now
  }
  get tabs(): ReadonlySet<string> {
    return new Set(this.#demand.sessions.map(({ tab }) => tab))
  }

  want(tab: string, session: number, wants: readonly Want[]): void {
    const byTopic = new Map(wants.map((want) => [topicOf(want), want]))
    const demand = this.#demand
    demand.ask({ tab, session, wants: byTopic })
    const missed: Frame[] = []
    let isMissing = false
    for (const [topic, want] of byTopic) {
      const open = demand.positions?.of(topic)
      if (want.query !== undefined) {
        // its membership is not kept here: a tab that is not where the connection is gets it by a new one
        if (open?.query !== undefined && isSamePlace(open, want)) continue
        if (open) demand.again.set(topic, want)
        isMissing = true
      } else if (want.stream === undefined) isMissing = !this.#catchUp(topic, want, open, missed) || isMissing
      else {
        const state = this.#told.stream(topic)
        // of one that has ended there is nothing to ask for after its last chunk
        const end = state && state.data.state !== 'open' ? state.data.length : Number.POSITIVE_INFINITY
        const at = open?.stream === undefined ? end : Math.min(open.index ?? 0, end)
        if ((want.index ?? 0) >= at) {
          if (state) missed.push(state)
          isMissing ||= !open
        } else {
          if (open) demand.again.set(topic, lower(demand.again.get(topic), want))
          isMissing = true
        }
      }
    }
    if (missed.length > 0) this.#host.send(missed, tab)
    if (isMissing && !this.#isGathering) this.#connection.refresh()
  }

  /** @returns whether the run is told, now or by the connection. */
  #catchUp(topic: string, want: Want, open: Want | undefined, missed: Frame[]): boolean {
    const record = this.#told.record(topic)
    if (record) {
      const end = this.#told.end(topic)
      if (record.data.cursor !== ('cursor' in want ? want.cursor : undefined)) missed.push(record)
      if (end) missed.push(end)
      return open !== undefined || end?.data.settled === true
    }
    const at = open && 'cursor' in open ? open.cursor : undefined
    // without a place the whole record is on its way
    const isSame = open !== undefined && (at === undefined || ('cursor' in want && at === want.cursor))
    // the leader knows its changes alone: it comes whole, for everybody
    if (open && !isSame) this.#demand.again.set(topic, withoutPlace(want))
    return isSame
  }

  drop(tab: string, session?: number): void {
    this.#demand.drop(tab, session)
    if (this.#demand.sessions.length === 0) this.#connection.stop()
  }

  close(): void {
    this.#demand.clear()
    this.#connection.close()
  }

  /** @param own - the token that its connection was opened with. */
  #receive(frame: Frame, positions: Positions, { wants }: Session, own: string | undefined): void {
    const place = frame.event === 'denied' ? positions.of(topicOf(frame.data)) : undefined
    positions.see(frame)
    // a connection of one's own begins with it: tabs have theirs from the group
    if (frame.event === 'open' || frame.event === 'bye') return
    if (frame.event !== 'denied') {
      this.#told.note(frame)
      this.#host.send([frame])
      if (frame.event === 'list' || frame.event === 'enter')
        this.#lend(topicOf(frame.data as { query: string }), frame.event === 'list' ? frame.data.runs : [frame.data.run], wants)
    } else if (this.#refusals.denied(frame, ({ token }) => (token ?? own) === (place?.token ?? own))) this.#connection.refresh()
  }

  /** A member that somebody follows for itself is told as that, from where that one is: whoever has the list alone may have nothing of it. */
  #lend(query: string, members: readonly Member[], opened: readonly Want[]): void {
    const own = new Map(opened.map((want) => [topicOf(want), want]))
    let isMissing = false
    for (const { id } of members) {
      const topic = runTopic(id)
      const open = own.get(topic)
      const record = this.#told.record(topic)
      // without a place the whole record is on its way
      if (!open || (!record && (!('cursor' in open) || open.cursor === undefined))) continue
      for (const { tab, session, wants } of this.#demand.sessions) {
        if (!wants.has(query) || wants.has(topic)) continue
        if (record) this.#host.send([record], tab, session)
        else {
          isMissing = true
          this.#demand.again.set(topic, withoutPlace(open))
        }
      }
    }
    if (isMissing) this.#connection.refresh()
  }
}
