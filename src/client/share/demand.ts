// What all tabs ask for, and from where: the wants of the leader's next connection.
import { MAX_WANTS, MAX_WANTS_BYTES } from '../../protocol/limits.ts'
import { runTopic, type Want } from '../../protocol/want.ts'
import type { Positions } from '../../transport/positions.ts'
import { lower } from './places.ts'
import type { Told } from './told.ts'

/** One session of a tab, and what it asks for, by topic. */
export interface Asking {
  readonly tab: string
  readonly session: number
  readonly wants: Map<string, Want>
}

/** How the names of queries begin. */
const QUERY_TOPIC = 'query:'

export class Demand {
  readonly #told: Told
  readonly #sessions = new Map<string, Asking>()
  /** What the connection was opened with, or opens with; a spare has its own from its beginning. */
  positions: Positions | undefined
  /** What somebody needs from further back than where the connection is. */
  readonly again: Map<string, Want> = new Map()

  constructor(told: Told) {
    this.#told = told
  }

  get sessions(): readonly Asking[] {
    return [...this.#sessions.values()]
  }

  ask(asking: Asking): void {
    this.#sessions.set(`${asking.tab} ${asking.session}`, asking)
  }
  /** @param session - all of the tab's, without one. */
  drop(tab: string, session?: number): void {
    for (const [key, one] of this.#sessions) if (one.tab === tab && (session === undefined || one.session === session)) this.#sessions.delete(key)
    const wanted = new Set(this.sessions.flatMap(({ wants }) => [...wants.keys()]))
    const isWanted = (topic: string): boolean => wanted.has(topic)
    // a list may come to have a run that nobody follows any more, and that the connection still tells
    this.#told.keep(
      isWanted,
      [...wanted].some((topic) => topic.startsWith(QUERY_TOPIC)),
    )
    for (const topic of this.again.keys()) if (!isWanted(topic)) this.again.delete(topic)
    this.positions?.keep(isWanted)
  }
  clear(): void {
    this.#sessions.clear()
  }

  /** As much of it as one connection takes. @param refuse - called with what is too much. */
  fitting(own: string | undefined, refuse: (want: Want) => void): Want[] {
    const fitting: Want[] = []
    const tooMany: Want[] = []
    let bytes = 1024
    for (const { token, ...rest } of this.wants()) {
      const want = (token === undefined || token === own ? rest : { ...rest, token }) as Want
      const text = JSON.stringify(want)
      // what is longer in UTF-8 than in UTF-16 is counted by its worst
      bytes += text.length * (/[^\0-\x7f]/.test(text) ? 3 : 1) + 1
      if (fitting.length < MAX_WANTS && bytes <= MAX_WANTS_BYTES) fitting.push(want)
      else tooMany.push(want)
    }
    for (const want of tooMany) refuse(want)
    return fitting
  }

  /** Of each resource once, from the lowest place that anybody is at. */
  wants(): Want[] {
    const wants = new Map<string, Want>()
    for (const { wants: asked } of this.#sessions.values())
      for (const [topic, want] of asked) {
        if (this.#isOver(topic, want)) continue
        const place = this.#placeOf(topic) ?? lower(wants.get(topic), want)
        // tabs may know different members
        wants.set(topic, place.query === undefined ? place : { ...place, cursors: {} })
      }
    return [...wants.values()]
  }

  #placeOf(topic: string): Want | undefined {
    return this.again.get(topic) ?? this.positions?.of(topic)
  }

  /** Whether nothing more comes of it, as far as frames said. */
  #isOver(topic: string, { run, stream }: Want): boolean {
    if (run === undefined) return false
    const end = this.#told.end(runTopic(run))
    if (stream === undefined) return end?.data.settled === true
    const told = this.#told.stream(topic)
    const place = this.#placeOf(topic)
    if (!told || told.data.state === 'open' || place?.stream === undefined) return false
    if ((place.index ?? 0) < told.data.length) return false
    // while its run is followed, a later attempt of that may open it again
    return end !== undefined || !this.sessions.some(({ wants }) => wants.has(runTopic(run)))
  }
}
