// The leader's part: one connection for what all tabs ask for, and what a tab that comes later must be told first.
import type { RunfeedError } from '../../protocol/errors.ts'
import type { Frame, FrameOf, Member } from '../../protocol/frame.ts'
import { MAX_WANTS, MAX_WANTS_BYTES } from '../../protocol/limits.ts'
import { queryName, type QueryWant, runTopic, topicOf, type Want } from '../../protocol/want.ts'
import { Chain } from '../../store/chain.ts'
import { omittedBy } from '../../store/omitted.ts'
import type { Session } from '../../transport/attempt.ts'
import { Connection } from '../../transport/connection.ts'
import type { ConnectionSnapshot } from '../../transport/connection-status.ts'
import type { Environment } from '../../transport/environment.ts'
import { Positions } from '../../transport/positions.ts'
import type { RunTransport } from '../../transport/run-transport.ts'

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
/** How the names of queries begin. */
const QUERY_TOPIC = 'query:'

interface HubSession extends Session {
  readonly positions: Positions
}

/** A run as the leader has it: for tabs that have not. */
interface Known {
  chain: Chain
  omitted: FrameOf<'run'>['data']['omitted']
  end: Frame | undefined
}

export class Hub {
  readonly #host: HubHost
  readonly #connection: Connection
  /** By tab and session. */
  readonly #sessions = new Map<string, { readonly tab: string; readonly session: number; readonly wants: Map<string, Want> }>()
  readonly #known = new Map<string, Known>()
  /** The last frame that said how each stream stands. */
  readonly #streams = new Map<string, Frame>()
  /** What the connection was opened with, or opens with; a spare has its own from its beginning. */
  #positions: Positions | undefined
  /** What somebody needs from further back than where the connection is. */
  readonly #again = new Map<string, Want>()
  #isGathering = true
  #epoch = 0

  constructor(transport: RunTransport, environment: Environment, host: HubHost) {
    this.#host = host
    this.#connection = new Connection(transport, environment, {
      open: () => {
        const own = host.ownToken()
        const wants = this.#fitting(own)
        if (wants.length === 0) return undefined
        const positions = new Positions(wants)
        this.#positions = positions
        this.#again.clear()
        const session: HubSession = {
          positions,
          wants,
          receive: (frame) => this.#receive(frame, positions, session, own),
          isDone: async () => {
            await new Promise<void>((resolve) => environment.setTimer(resolve, DONE_MS))
            // a tab that is frozen says nothing
            return this.#wants().length === 0
          },
          ended: () => {},
        }
        return session
      },
      changed: (snapshot) => host.changed(snapshot),
      refused: (error, kept) => {
        if (kept) this.#deny((kept as HubSession).positions, error)
        else host.refused(error)
      },
    })
    environment.setTimer(() => {
      this.#isGathering = false
      if (this.#sessions.size > 0) this.#connection.refresh()
    }, GATHER_MS)
  }

  get snapshot(): ConnectionSnapshot {
    return this.#connection.now
  }
  get tabs(): ReadonlySet<string> {
    return new Set([...this.#sessions.values()].map(({ tab }) => tab))
  }

  want(tab: string, session: number, wants: readonly Want[]): void {
    const byTopic = new Map(wants.map((want) => [topicOf(want), want]))
    this.#sessions.set(`${tab} ${session}`, { tab, session, wants: byTopic })
    const missed: Frame[] = []
    let isMissing = false
    for (const [topic, want] of byTopic) {
      const open = this.#positions?.of(topic)
      if (want.query !== undefined) {
        // its membership is not kept here: a tab that is not where the connection is gets it by a new one
        if (open?.query !== undefined && isSamePlace(open, want)) continue
        if (open) this.#again.set(topic, want)
        isMissing = true
      } else if (want.stream === undefined) isMissing = !this.#catchUp(topic, want, open !== undefined, missed) || isMissing
      else if (!open) isMissing = true
      else if ('index' in open && (want.index ?? 0) < (open.index ?? 0)) {
        const before = this.#again.get(topic)
        if (!before || !('index' in before) || (before.index ?? 0) > (want.index ?? 0)) this.#again.set(topic, want)
        isMissing = true
      } else {
        const state = this.#streams.get(topic)
        if (state) missed.push(state)
      }
    }
    if (missed.length > 0) this.#host.send(missed, tab)
    if (isMissing && !this.#isGathering) this.#connection.refresh()
  }

  /** @returns whether the run is told, now or by the connection. */
  #catchUp(topic: string, want: Want, isOpen: boolean, missed: Frame[]): boolean {
    const record = this.#record(topic)
    if (record) {
      const { end } = this.#known.get(topic) ?? {}
      if (record.data.cursor !== ('cursor' in want ? want.cursor : undefined)) missed.push(record)
      if (end) missed.push(end)
      return isOpen || (end?.event === 'end' && end.data.settled)
    }
    const open = this.#positions?.of(topic)
    const at = open && 'cursor' in open ? open.cursor : undefined
    // without a place the whole record is on its way
    const isSame = open !== undefined && (at === undefined || ('cursor' in want && at === want.cursor))
    // the leader knows its changes alone: it comes whole, for everybody
    if (open && !isSame) this.#again.set(topic, withoutPlace(want))
    return isSame
  }

  #record(topic: string): FrameOf<'run'> | undefined {
    const { chain, omitted } = this.#known.get(topic) ?? {}
    if (!chain?.run || chain.cursor === undefined) return undefined
    return { event: 'run', data: { run: chain.run, cursor: chain.cursor, ...(omitted && { omitted }) } }
  }

  /** A member that somebody follows for itself is told as that, from where that one is: whoever has the list alone may have nothing of it. */
  #lend(query: string, members: readonly Member[], opened: readonly Want[]): void {
    const own = new Map(opened.map((want) => [topicOf(want), want]))
    let isMissing = false
    for (const { id } of members) {
      const topic = runTopic(id)
      const open = own.get(topic)
      const record = this.#record(topic)
      // without a place the whole record is on its way
      if (!open || (!record && (!('cursor' in open) || open.cursor === undefined))) continue
      for (const { tab, session, wants } of this.#sessions.values()) {
        if (!wants.has(query) || wants.has(topic)) continue
        if (record) this.#host.send([record], tab, session)
        else {
          isMissing = true
          this.#again.set(topic, withoutPlace(open))
        }
      }
    }
    if (isMissing) this.#connection.refresh()
  }

  /** What the connection that goes on does not bring was refused. */
  #deny(positions: Positions, { type: code, message }: RunfeedError): void {
    const denied = this.#wants().filter((want) => !positions.of(topicOf(want)))
    this.#positions = positions
    for (const want of denied) this.#refuse(want, code, message)
  }
  #refuse(want: Want, code: string, message: string): void {
    const what = want.query === undefined ? { run: want.run, ...(want.stream !== undefined && { stream: want.stream }) } : { query: queryName(want.query) }
    this.#denied({ event: 'denied', data: { ...what, code, message } as FrameOf<'denied'>['data'] }, () => true)
  }
  /** Tells whoever asked for it with the token that it was denied to. @returns whether somebody asked with another one. */
  #denied(frame: FrameOf<'denied'>, isFor: (want: Want) => boolean): boolean {
    const topic = topicOf(frame.data)
    let isWanted = false
    this.#known.delete(topic)
    for (const { tab, session, wants } of this.#sessions.values()) {
      const want = wants.get(topic)
      if (!want) continue
      isWanted ||= !isFor(want)
      if (!isFor(want)) continue
      // whoever can ask for another token asks again
      wants.delete(topic)
      this.#host.send([frame], tab, session)
    }
    return isWanted
  }

  drop(tab: string, session?: number): void {
    for (const key of this.#sessions.keys()) if (session === undefined ? key.startsWith(`${tab} `) : key === `${tab} ${session}`) this.#sessions.delete(key)
    const wanted = new Set([...this.#sessions.values()].flatMap(({ wants }) => [...wants.keys()]))
    // a list may come to have a run that nobody follows any more, and that the connection still tells
    const isListing = [...wanted].some((topic) => topic.startsWith(QUERY_TOPIC))
    for (const map of isListing ? [this.#streams, this.#again] : [this.#known, this.#streams, this.#again])
      for (const topic of map.keys()) if (!wanted.has(topic)) map.delete(topic)
    this.#positions?.keep((topic) => wanted.has(topic))
    if (this.#sessions.size === 0) this.#connection.stop()
  }

  close(): void {
    this.#sessions.clear()
    this.#connection.close()
  }

  /** As many of them as one connection takes; the others are told so. */
  #fitting(own: string | undefined): Want[] {
    const fitting: Want[] = []
    const tooMany: Want[] = []
    let bytes = 1024
    for (const { token, ...rest } of this.#wants()) {
      const want = (token === undefined || token === own ? rest : { ...rest, token }) as Want
      const text = JSON.stringify(want)
      // what is longer in UTF-8 than in UTF-16 is counted by its worst
      bytes += text.length * (/[^\0-\x7f]/.test(text) ? 3 : 1) + 1
      if (fitting.length < MAX_WANTS && bytes <= MAX_WANTS_BYTES) fitting.push(want)
      else tooMany.push(want)
    }
    for (const want of tooMany) this.#refuse(want, 'too_many_wants', `the tabs of one browser follow at most ${MAX_WANTS} runs and streams at a time`)
    return fitting
  }

  /** Of each resource once, from the lowest place that anybody is at. */
  #wants(): Want[] {
    const wants = new Map<string, Want>()
    for (const { wants: asked } of this.#sessions.values())
      for (const [topic, want] of asked) {
        if (this.#isOver(topic, want)) continue
        const place = this.#again.get(topic) ?? this.#positions?.of(topic) ?? lower(wants.get(topic), want)
        // tabs may know different members
        wants.set(topic, place.query === undefined ? place : { ...place, cursors: {} })
      }
    return [...wants.values()]
  }

  /** Whether nothing more comes of it, as far as frames said. */
  #isOver(topic: string, { run, stream }: Want): boolean {
    if (run === undefined) return false
    const end = this.#known.get(runTopic(run))?.end
    if (stream === undefined) return end?.event === 'end' && end.data.settled
    const told = this.#streams.get(topic)
    const place = this.#again.get(topic) ?? this.#positions?.of(topic)
    if (told?.event !== 'stream' || told.data.state === 'open' || place?.stream === undefined) return false
    if ((place.index ?? 0) < told.data.length) return false
    // while its run is followed, a later attempt of that may open it again
    return end !== undefined || ![...this.#sessions.values()].some(({ wants }) => wants.has(runTopic(run)))
  }

  /** @param own - the token that its connection was opened with. */
  #receive(frame: Frame, positions: Positions, { wants }: Session, own: string | undefined): void {
    const place = frame.event === 'denied' ? positions.of(topicOf(frame.data)) : undefined
    positions.see(frame)
    // a connection of one's own begins with it: tabs have theirs from the group
    if (frame.event === 'open' || frame.event === 'bye') return
    if (frame.event !== 'denied') {
      this.#note(frame)
      this.#host.send([frame])
      if (frame.event === 'list' || frame.event === 'enter')
        this.#lend(topicOf(frame.data as { query: string }), frame.event === 'list' ? frame.data.runs : [frame.data.run], wants)
    } else if (this.#denied(frame, ({ token }) => (token ?? own) === (place?.token ?? own))) this.#connection.refresh()
  }

  #note(frame: Frame): void {
    switch (frame.event) {
      case 'run': {
        const { run, cursor } = frame.data
        this.#known.set(runTopic(run.id), { chain: new Chain(run, cursor), omitted: omittedBy(frame), end: undefined })
        return
      }
      case 'patch': {
        const topic = runTopic(frame.data.run)
        const known = this.#known.get(topic)
        if (!known) return
        try {
          // each document may be on its way to another tab
          if (known.chain.follow(frame.data, ++this.#epoch)) known.omitted = [...new Set([...(known.omitted ?? []), ...(omittedBy(frame) ?? [])])]
          else this.#known.delete(topic)
        } catch {
          this.#known.delete(topic)
        }
        return
      }
      case 'end': {
        const known = this.#known.get(runTopic(frame.data.run))
        if (known) known.end = frame
        return
      }
      case 'stream':
        this.#streams.set(topicOf(frame.data), frame)
        return
      default:
    }
  }
}

/** Of a run: from its beginning. */
const withoutPlace = ({ run, token }: Want): Want => ({ run: run as string, ...(token !== undefined && { token }) })

/** Whether a tab knows the members of a list that the connection has told, as far as it has. */
function isSamePlace({ cursors: told = {} }: QueryWant, { cursors = {} }: QueryWant): boolean {
  const ids = Object.keys(told)
  return ids.length > 0 && ids.length === Object.keys(cursors).length && ids.every((id) => told[id] === cursors[id])
}

/** The one of two wants of one resource that asks for more. */
function lower(a: Want | undefined, b: Want): Want {
  if (!a) return b
  if ('index' in a || 'index' in b) return ('index' in a ? (a.index ?? 0) : 0) <= ('index' in b ? (b.index ?? 0) : 0) ? a : b
  const number = (want: Want): number => Number.parseInt(('cursor' in want && want.cursor) || '0', 10)
  return number(a) <= number(b) ? a : b
}
