// Somebody who reads a feed: folds what comes, and waits for what a test expects of it.
import type { Frame } from 'runfeed'
import { framesOf } from '../support/frames.ts'
import { Folded } from './folded.ts'

export class Follow extends Folded {
  readonly frames: Frame[] = []
  /** The body has ended; rejects when a frame did not fit, or the connection broke. */
  readonly over: Promise<void>
  readonly #waiting = new Set<() => void>()
  #isOver = false
  #failure: unknown

  /** @param source - an answer, or its frames. @param look - called after each frame. */
  constructor(source: Response | AsyncIterable<Frame>, look: (frame: Frame, folded: Follow) => void = () => {}) {
    super()
    this.over = this.#read(source instanceof Response ? framesOf(source) : source, look)
    // who never asks is told by `until`
    this.over.catch(() => {})
  }

  async #read(frames: AsyncIterable<Frame>, look: (frame: Frame, folded: Follow) => void): Promise<void> {
    try {
      for await (const frame of frames) {
        this.frames.push(frame)
        this.apply(frame)
        look(frame, this)
        this.#check()
      }
    } catch (thrown) {
      this.#failure = thrown
      throw thrown
    } finally {
      this.#isOver = true
      this.#check()
    }
  }

  #check(): void {
    for (const check of this.#waiting) check()
  }

  /** Resolves once what came so far fits; rejects when nothing more can come. */
  async until(fits: (folded: Follow) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (fits(this)) resolve()
        else if (this.#isOver) reject(new Error(`the feed ended at ${this.events.join(' ')}`, { cause: this.#failure }))
        else return
        this.#waiting.delete(check)
      }
      this.#waiting.add(check)
      check()
    })
  }
}
