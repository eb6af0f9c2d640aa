// A frame that many read, as text: made once for each of the ways in which it is shown, and never per reader.
import { encodeFrame, type FrameOf } from '../protocol/frame.ts'
import { briefPatch, briefRun, inlinePatch, inlineRun } from './inline.ts'

/** How one reader sees a run. */
export interface View {
  /** Payload and output are left out: the run is only a member of a query. */
  readonly isBrief: boolean
  /** Whether the reader may know that this run wrote it. */
  shows(by: string): boolean
}

type Shared = FrameOf<'run'> | FrameOf<'patch'> | FrameOf<'chunks'>

export class SharedFrame {
  #frame: Shared | undefined
  readonly #by: string | undefined
  /** By the way of showing: 1 is brief, 2 hides who wrote it. */
  readonly #texts: (string | undefined)[] = []

  /** @param frame - with all that it says: what is too large for a frame is left out here. */
  constructor(frame: Shared) {
    this.#frame = frame
    // who may read a run may know that it writes to itself
    if (frame.event !== 'run' && frame.data.by !== null && frame.data.by !== frame.data.run) this.#by = frame.data.by
    if (frame.event !== 'chunks' || this.#by !== undefined) return
    this.#texts[0] = encodeFrame(frame)
    // there is no other way to show it, and chunks are large
    this.#frame = undefined
  }

  /** Of all the texts that were made of it. */
  get length(): number {
    return this.#texts.reduce<number>((sum, text) => sum + (text?.length ?? 0), 0)
  }

  text(view: View): string {
    const { isBrief } = view
    if (!this.#frame) return this.#texts[0] as string
    const isHidden = this.#by !== undefined && !view.shows(this.#by)
    const kind = (isBrief && this.#frame.event !== 'chunks' ? 1 : 0) + (isHidden ? 2 : 0)
    return (this.#texts[kind] ??= encode(this.#frame, isBrief, isHidden))
  }
}

function encode(frame: Shared, isBrief: boolean, isHidden: boolean): string {
  const by = isHidden && { by: null }
  switch (frame.event) {
    case 'run':
      return encodeFrame({ event: 'run', data: { ...frame.data, ...(isBrief ? briefRun : inlineRun)(frame.data.run) } })
    case 'patch':
      return encodeFrame({ event: 'patch', data: { ...frame.data, ...(isBrief ? briefPatch : inlinePatch)(frame.data.patch), ...by } })
    case 'chunks':
      return encodeFrame({ event: 'chunks', data: { ...frame.data, ...by } })
    default:
      return frame satisfies never
  }
}
