// One thing that somebody follows: a run, a stream, a list of runs. Its topic is what readers see of it.
import type { RunfeedError } from '../protocol/errors.ts'
import { hasSame } from '../protocol/same.ts'
import type { Want } from '../protocol/want.ts'
import { type Publisher, Topic } from './topic.ts'

interface Failing {
  readonly error: RunfeedError | undefined
}

export abstract class Entry<T extends Failing = Failing> {
  /** As `topicOf` names it. */
  readonly name: string
  readonly topic: Topic<T>

  constructor(name: string, publisher: Publisher, initial: T) {
    this.name = name
    this.topic = new Topic(publisher, initial)
  }

  /** What the next connection is asked for: all of it that is not here yet. */
  abstract want(): Want
  /** Whether nothing more will come of it, as far as frames said. */
  abstract get isOver(): boolean

  fail(error: RunfeedError | undefined): void {
    this.change({ error } as Partial<T>)
  }

  change(change: Partial<T>): void {
    const { latest } = this.topic
    if (!hasSame(latest, change)) this.topic.latest = { ...latest, ...change }
  }
}
