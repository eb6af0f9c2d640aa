// One connection to a scripted world: what it asked for, and what of its lists it has been told.
import { briefRun } from '../feed/inline.ts'
import type { Frame } from '../protocol/frame.ts'
import type { Run } from '../protocol/run.ts'
import { type FeedQuery, queryName, runTopic, topicOf, type Want } from '../protocol/want.ts'
import { FrameQueue } from './frame-queue.ts'
import { scriptCursor } from './scripted-run.ts'
import type { ScriptedWorld } from './scripted-world.ts'

interface List {
  readonly query: FeedQuery
  /** The ids of its runs, in order. */
  told: readonly string[]
  hasMore: boolean
}

export class ScriptedSession {
  readonly queue: FrameQueue = new FrameQueue()
  readonly #wants: readonly Want[]
  readonly #topics: ReadonlySet<string>
  readonly #lists: Set<List> = new Set()

  constructor(wants: readonly Want[]) {
    this.#wants = wants
    this.#topics = new Set(wants.map(topicOf))
  }

  /** All that is there. */
  begin(world: ScriptedWorld): void {
    for (const want of this.#wants) {
      for (const frame of world.answer(want)) this.queue.push(frame)
      if (want.query === undefined || world.refusal(want)) continue
      const { query, cursors = {} } = want
      const { runs, next } = world.list(query)
      this.#lists.add(this.#tell({ query, told: [], hasMore: false }, runs, next !== undefined))
      // one that is known from an earlier connection begins there
      for (const run of runs) if (cursors[run.id] !== scriptCursor(run.version)) this.#tellMember(run, world)
    }
  }

  /** What a step has made true. A run's last version in a list comes before it leaves. */
  tell(frames: readonly Frame[], world: ScriptedWorld): void {
    for (const frame of frames) {
      if (concerns(frame, this.#topics)) this.queue.push(frame)
      else if (frame.event === 'run' && [...this.#lists].some(({ told }) => told.includes(frame.data.run.id))) this.queue.push(brief(frame.data.run))
    }
    for (const list of this.#lists) {
      const refusal = world.refusal(list)
      if (refusal) {
        this.#lists.delete(list)
        this.queue.push(refusal)
      } else this.#update(list, world)
    }
  }

  #update(list: List, world: ScriptedWorld): void {
    const { runs, next } = world.list(list.query)
    const now = runs.map(({ id }) => id)
    const left = list.told.filter((id) => !now.includes(id))
    const entered = runs.filter(({ id }) => !list.told.includes(id))
    const kept = list.told.filter((id) => now.includes(id))
    const isInOrder = kept.join() === now.filter((id) => kept.includes(id)).join()
    const hasMore = next !== undefined
    // as a server does: small changes of long lists are told one by one, all else as a whole; only that says whether there is more
    const isWhole = !isInOrder || list.hasMore !== hasMore || left.length + entered.length > now.length / 2 + 1
    if (isWhole) this.#tell(list, runs, hasMore)
    else {
      const query = queryName(list.query)
      for (const run of left) this.queue.push({ event: 'leave', data: { query, run } })
      // from the end on, so that the one that it is placed before is there
      for (const { id, version } of entered.toReversed())
        this.queue.push({ event: 'enter', data: { query, run: { id, version }, before: now[now.indexOf(id) + 1] ?? null } })
      list.told = now
    }
    for (const run of entered) this.#tellMember(run, world)
  }

  #tell(list: List, runs: readonly Run[], hasMore: boolean): List {
    const members = runs.map(({ id, version }) => ({ id, version }))
    this.queue.push({ event: 'list', data: { query: queryName(list.query), runs: members, hasMore } })
    list.told = runs.map(({ id }) => id)
    list.hasMore = hasMore
    return list
  }

  /** One that is wanted for itself is told in full already. */
  #tellMember(run: Run, world: ScriptedWorld): void {
    if (!this.#topics.has(runTopic(run.id)) || world.refusal({ run: run.id })) this.queue.push(brief(run))
  }
}

/** As a member of a list comes: without payload and output. */
const brief = (run: Run): Frame => ({ event: 'run', data: { cursor: scriptCursor(run.version), ...briefRun(run) } })

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
