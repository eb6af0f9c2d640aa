// Stands before the CSV parser, which builds a row whole, however many fields it has: takes away what is beyond the limit, and notes where rows
// begin. It judges nothing: what is no CSV goes on to the parser.
import { Transform, type TransformCallback } from 'node:stream'
import type { Delimiter } from './delimiter.ts'
import { MAX_COLUMNS } from './limits.ts'

const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d
/** One more than may be: the row shows that it has too many. */
const KEPT_FIELDS = MAX_COLUMNS + 1

export class RowBounds extends Transform {
  /** The line of each row that is not empty, from 1. */
  readonly lines: number[] = []
  readonly #delimiter: number
  #line = 1
  /** Of the row so far; 0 before its first byte. */
  #fields = 0
  /** `closed`: the quote before may be the field's end, or the first of two that mean one. */
  #quoting: 'none' | 'open' | 'closed' = 'none'
  #previous = LF

  constructor(delimiter: Delimiter) {
    super()
    this.#delimiter = delimiter.charCodeAt(0)
  }

  override _transform(chunk: Uint8Array, _: BufferEncoding, done: TransformCallback): void {
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const wasOver = this.#isOver
      this.#take(chunk[at] as number)
      if (wasOver === this.#isOver) continue
      if (!wasOver && at > from) this.push(chunk.subarray(from, at))
      from = at
    }
    if (!this.#isOver && from < chunk.length) this.push(chunk.subarray(from))
    done()
  }

  override _flush(done: TransformCallback): void {
    // the parser has not seen the quote that is open here, and would pass over the rows that it has swallowed
    if (this.#isOver && this.#quoting === 'open') this.push(Uint8Array.of(this.#delimiter, QUOTE))
    done()
  }

  get #isOver(): boolean {
    return this.#fields > KEPT_FIELDS
  }

  #take(byte: number): void {
    const previous = this.#previous
    this.#previous = byte
    const isNewline = byte === CR || byte === LF
    // a CRLF is one line, and ends one row
    if (isNewline && !(byte === LF && previous === CR)) this.#line++
    if (byte === QUOTE) {
      if (this.#quoting === 'open') this.#quoting = 'closed'
      // within a field that is taken away a quote is nothing; in one that goes on, the parser refuses it
      else if (this.#quoting === 'closed' || !this.#isOver || previous === this.#delimiter) this.#quoting = 'open'
    } else if (this.#quoting !== 'open') {
      this.#quoting = 'none'
      if (byte === this.#delimiter && this.#fields > 0) this.#fields++
      else if (isNewline) this.#fields = 0
    }
    if (this.#fields === 0 && !isNewline) this.#begin(byte)
  }

  #begin(byte: number): void {
    this.lines.push(this.#line)
    this.#fields = byte === this.#delimiter ? 2 : 1
  }
}
