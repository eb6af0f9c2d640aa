// One thing that somebody holds or follows: a run, a stream, a list of runs. Its topic is what readers see of it.
import type { RunfeedError } from '../protocol/errors.ts'
import { hasSame } from '../protocol/same.ts'
import type { Want } from '../protocol/want.ts'
import type { Source } from './snapshot.ts'
import { type Publisher, Topic } from './topic.ts'

interface Failing {
  readonly error: RunfeedError | undefined
}

export abstract class Entry<T extends Failing = Failing> {
  /** As `topicOf` names it. */
  readonly name: string
  readonly topic: Topic<T>
  /** What it is asked for with, where that is not the connection's. */
  token: string | undefined
  /** One that was denied: another follower who still has it does not bring it back. */
  spent: string | undefined
  /** Whether its last token was denied as soon as it was used; after two in a row a third is not asked for. */
  isRefused = false
  /** What each follower keeps of it. */
  readonly followers: Set<{ readonly maxParts: number }> = new Set()
  /** Since its last follower left, until it is let go of. */
  cancelLinger: (() => void) | undefined
  /** By what they show of it. They are held by it and hold it: all of them are collected together. */
  readonly sources: Map<string, Source<unknown>> = new Map()

  constructor(name: string, publisher: Publisher, initial: T) {
    this.name = name
    this.topic = new Topic(publisher, initial)
  }

  /** What the next connection is asked for: all of it that is not here yet. */
  abstract want(): Want
  /** Whether nothing more will come of it, as far as frames said. */
  abstract get isOver(): boolean

  get error(): RunfeedError | undefined {
    return this.topic.latest.error
  }
  /** Whether more may come of it. */
  get isOpen(): boolean {
    return !this.error && !this.isOver
  }

  fail(error: RunfeedError | undefined): void {
    this.change({ error } as Partial<T>)
  }

  change(change: Partial<T>): void {
    const { latest } = this.topic
    if (!hasSame(latest, change)) this.topic.latest = { ...latest, ...change }
  }
}
