// The frames of one connection, between who pushes and who reads.
import type { Frame } from '../protocol/frame.ts'

export class FrameQueue implements AsyncIterable<Frame> {
  readonly #frames: Frame[] = []
  #ended: { readonly error: Error | undefined } | undefined
  #wake: (() => void) | undefined

  push(frame: Frame): void {
    if (this.#ended) return
    this.#frames.push(frame)
    this.#wake?.()
  }

  /** What was pushed is still read; then it ends, or throws `error`. */
  end(error?: Error): void {
    this.#ended ??= { error }
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
    while (true) {
      const frame = this.#frames.shift()
      if (frame) yield frame
      else if (this.#ended?.error) throw this.#ended.error
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
