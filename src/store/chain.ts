// One run as one connection tells it: a document, and the patches that follow each other from it.
import type { Cursor } from '../protocol/cursor.ts'
import type { Frame, FrameOf } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import { applyPatch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'
import { Owned } from './owned.ts'
import { numberOf } from './run-entry.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class Chain {
  run: Run | undefined
  cursor: Cursor | undefined
  /** Frames that wait for a resync's answer. */
  waiting: Frame[] | undefined
  /** Containers of `run` that were made in this epoch: nobody else has them yet, so they are changed in place. */
  #owned = new Owned()
  #epoch = -1

  /** Whether a list alone brings it: without payload and output. */
  isMember: boolean
  /** Its server takes it for known for as long as the connection lasts, whether or not a list has it meanwhile. */
  readonly wasWanted: boolean

  constructor(run: Run | undefined, cursor: Cursor | undefined, isMember = false) {
    this.run = run
    this.cursor = cursor
    this.isMember = isMember
    this.wasWanted = !isMember
  }

  /** @returns `asked`, unless somebody has asked already. */
  wait<T>(frame: Frame, asked: T): T | undefined {
    if (this.waiting) return void this.waiting.push(frame)
    this.waiting = [frame]
    return asked
  }

  /** Whether this version, or a later one, is there already. */
  has(cursor: Cursor): boolean {
    return this.run !== undefined && numberOf(cursor) <= this.run.version
  }

  /**
   * Goes on to the patch's version, unless it is there already.
   * @returns whether the patch fits what is there.
   * @throws what the patch meets; half of it may have been done in place then.
   */
  follow({ base, cursor, at, patch }: FrameOf<'patch'>['data'], epoch: number): boolean {
    const version = numberOf(cursor)
    const known = this.run?.version
    if (known !== undefined && version <= known) return true
    if (known !== base) return false
    if (this.#epoch !== epoch) {
      this.#epoch = epoch
      this.#owned = new Owned()
    }
    let next = applyPatch(this.run as unknown as Json, patch, this.#owned) as unknown as Mutable<Run>
    if (!this.#owned.has(next)) this.#owned.add((next = { ...next }))
    next.version = version
    next.updatedAt = at
    this.run = next
    this.cursor = cursor
    return true
  }
}
