// The runs of a query behind its live list. They are read in pages when they are asked for, and then followed by their ids with all else that the
// query says, so that they change and go as the first ones do. A server tells no place of a run: the order is that in which lists had them.
import type { RunQuery } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { matchesQuery } from '../protocol/run-query.ts'
import { MAX_QUERY_LIMIT } from '../protocol/want.ts'
import type { RunListSnapshot, Source } from '../store/snapshot.ts'
import type { RunClient } from './run-client.ts'

/** A list, and how to let go of it while somebody listens. */
export interface Part {
  readonly list: Source<RunListSnapshot>
  leave: () => void
}
interface Page extends Part {
  /** Its runs as they were when they were read, until the list is here. */
  readonly known: ReadonlyMap<string, Run>
}

/** Runs of the live list that are in a page too before newer ones push them out: those of its second half, so many at a time or more. */
const MIN_GUARDED = MAX_QUERY_LIMIT / 4

export class OlderRuns {
  readonly #client: RunClient
  readonly #query: RunQuery
  readonly #step: number
  readonly #open: (query: RunQuery) => Part
  readonly #token: string | undefined
  #pages: readonly Page[] = []
  /** All that is known, those of the live list too, newest first. Who left stays in his place while a page has him: he may come back. */
  #order: readonly string[] = []
  /** Those of the order that no page has, as they are. */
  #loose: ReadonlyMap<string, Run> = new Map()
  /** The place behind the last page. `undefined`: nobody says it, and what is known is read once more to get there. */
  #after: string | undefined
  /** Counts how often it has moved back: what is read from where it was leaves a hole. */
  #cuts = 0
  /** Whether there are none behind the last page. */
  isAtEnd = false

  /** @param step - runs to read at a time. @param open - follows a list, while anybody listens. */
  constructor(client: RunClient, query: RunQuery, step: number, open: (query: RunQuery) => Part, token?: string) {
    this.#client = client
    this.#query = query
    this.#step = step
    this.#open = open
    this.#token = token
  }

  get parts(): readonly Part[] {
    return this.#pages
  }

  clear(): void {
    this.#cut()
    this.#keep([])
    this.#order = []
    this.#loose = new Map()
  }

  /** The runs of the live list, and those behind it. */
  behind(live: readonly Run[]): readonly Run[] {
    const there = new Map(live.map((run) => [run.id, run]))
    const members = new Map<string, Run>()
    const paged = new Set<string>()
    for (const page of this.#pages) {
      for (const id of page.known.keys()) paged.add(id)
      for (const run of membersOf(page)) members.set(run.id, run)
    }
    const places = new Map(this.#order.map((id, place) => [id, place]))
    const order: string[] = []
    const take = (from: number, to: number | undefined, isTaken: (id: string) => boolean): void => {
      for (const id of this.#order.slice(from, to)) if (!there.has(id) && isTaken(id)) order.push(id)
    }
    let next = 0
    for (const { id } of live) {
      const place = places.get(id) ?? -1
      // who was before one of the live list, and is not in it, has left
      take(next, Math.max(next, place), (other) => paged.has(other))
      next = Math.max(next, place + 1)
      order.push(id)
    }
    const { length } = order
    // newer ones pushed out what came after the last one; where older ones have come into it, that has left
    const isPushed = places.has(live.at(-1)?.id ?? '')
    take(next, undefined, (id) => paged.has(id) || isPushed)
    this.#order = order
    const rows = [...live]
    for (const id of order.slice(length)) {
      const loose = this.#loose.get(id)
      const run = paged.has(id) ? members.get(id) : loose && matchesQuery(this.#query, loose) ? loose : undefined
      if (run) rows.push(run)
    }
    this.#loose = new Map(rows.flatMap((run) => (paged.has(run.id) ? [] : [[run.id, run]])))
    return rows
  }

  /** @param rows - all, of which the first `length` are those of the live list. */
  guard(rows: readonly Run[], length: number): void {
    const open = rows.flatMap((run, place) => (place >= MAX_QUERY_LIMIT / 2 && this.#loose.has(run.id) ? [{ run, isOut: place >= length }] : []))
    if (open.length >= MIN_GUARDED || open.some(({ isOut }) => isOut)) {
      this.#add(open.map(({ run }) => run))
    }
  }

  /** Lets go of pages without members, and of those behind what is shown. @param count - of rows that are shown. */
  trim(rows: readonly Run[], count: number): void {
    const shown = new Set(rows.slice(0, count).map(({ id }) => id))
    const behind = new Set(rows.slice(count).map(({ id }) => id))
    const kept = this.#pages.filter((page) => {
      const members = membersOf(page)
      const isBehind = members.some(({ id }) => behind.has(id)) && !members.some(({ id }) => shown.has(id))
      if (isBehind) this.#cut()
      return members.length > 0 && !isBehind
    })
    if (kept.length < this.#pages.length) this.#keep(kept)
  }

  /**
   * Reads what is behind the last run that is known.
   * @param rows - gives all that are known, in order, as they are by then.
   * @param count - as many are wanted in all.
   * @returns whether it has to be read again: the end has moved back meanwhile.
   */
  async read(rows: () => readonly Run[], count: number, signal: AbortSignal): Promise<boolean> {
    const cuts = this.#cuts
    const found: Run[] = []
    let after = this.#after
    let seen = 0
    let isBehind = after !== undefined
    do {
      const place = after === undefined ? { limit: MAX_QUERY_LIMIT } : { limit: isBehind ? this.#step : MAX_QUERY_LIMIT, after }
      const page = await this.#client.runs.list({ ...this.#query, ...place }, signal, this.#token)
      if (signal.aborted) throw signal.reason
      const known = new Set(this.#order)
      const last = rows().at(-1)?.id
      for (const run of page.runs) {
        if (isBehind && !known.has(run.id)) found.push(summaryOf(run))
        isBehind ||= run.id === last
      }
      after = page.next
      seen += page.runs.length
      // where the last one is not met any more, the live list is about to change
    } while (after !== undefined && (isBehind ? rows().length + found.length < count : seen < rows().length + MAX_QUERY_LIMIT))
    if (cuts !== this.#cuts) return true
    if (!isBehind) return false
    this.#add(found)
    this.#after = after
    this.isAtEnd = after === undefined
    return false
  }

  #add(runs: readonly Run[]): void {
    const pages: Page[] = []
    for (let at = 0; at < runs.length; at += MAX_QUERY_LIMIT) {
      const known = new Map(runs.slice(at, at + MAX_QUERY_LIMIT).map((run) => [run.id, run]))
      pages.push({ ...this.#open({ ids: [...known.keys()] }), known })
    }
    this.#pages = [...this.#pages, ...pages]
    const known = new Set(this.#order)
    this.#order = [...this.#order, ...runs.flatMap(({ id }) => (known.has(id) ? [] : id))]
  }
  #cut(): void {
    this.#after = undefined
    this.isAtEnd = false
    this.#cuts++
  }
  #keep(kept: readonly Page[]): void {
    for (const page of this.#pages) {
      if (kept.includes(page)) continue
      page.leave()
      // its runs are not known any more, but for those of the live list
      this.#order = this.#order.filter((id) => !page.known.has(id) || this.#loose.has(id))
    }
    this.#pages = kept
  }
}

const membersOf = ({ list, known }: Page): readonly Run[] => list.getSnapshot().runs ?? [...known.values()]

/** As lists have them: a payload or an output may be large. */
function summaryOf({ payload: _payload, output: _output, ...run }: Run): Run {
  return run as Run
}
