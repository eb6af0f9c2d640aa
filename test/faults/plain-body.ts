// An HTTP/1.1 answer as a proxy passes it on that unpacks chunks and ends a body by closing: there, a body that was cut short looks like
// one that ended, at whatever byte.

const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

export class PlainBody {
  /** Bytes that were received and not understood yet. */
  #rest: Buffer = Buffer.alloc(0)
  #isHeadSeen = false
  #isChunked = false
  /** Of the chunk, or of the body where it is not chunked. */
  #left = 0
  #limit: number

  /** @param limit - bytes of the body after which it ends. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** @returns what the client gets of it, and whether that was all. */
  take(data: Buffer): { readonly passed: Buffer; readonly isOver: boolean } {
    this.#rest = Buffer.concat([this.#rest, data])
    const passed: Buffer[] = []
    if (!this.#isHeadSeen) {
      const end = this.#rest.indexOf(HEAD_END)
      if (end < 0) return { passed: Buffer.alloc(0), isOver: false }
      passed.push(this.#head(this.#rest.subarray(0, end).toString('latin1')))
      this.#rest = this.#rest.subarray(end + HEAD_END.length)
    }
    let isOver = false
    while (!isOver) {
      if (this.#left === 0) {
        if (!this.#isChunked) isOver = true
        else if (!this.#nextChunk()) break
        else if (this.#left === 0) isOver = true
      }
      const bytes = this.#rest.subarray(0, Math.min(this.#left, this.#limit))
      passed.push(bytes)
      this.#rest = this.#rest.subarray(bytes.length)
      this.#left -= bytes.length
      this.#limit -= bytes.length
      if (this.#limit === 0) isOver = true
      if (bytes.length === 0) break
    }
    return { passed: Buffer.concat(passed), isOver }
  }

  #head(text: string): Buffer {
    this.#isHeadSeen = true
    const lines = text.split('\r\n')
    const is = (name: string) => (line: string) => line.toLowerCase().startsWith(`${name}:`)
    this.#isChunked = lines.some(is('transfer-encoding'))
    const length = lines.find(is('content-length'))
    this.#left = length ? Number(length.slice(length.indexOf(':') + 1)) : 0
    const kept = lines.filter((line) => !['transfer-encoding', 'content-length', 'connection', 'keep-alive'].some((name) => is(name)(line)))
    return Buffer.from(`${[...kept, 'connection: close'].join('\r\n')}\r\n\r\n`, 'latin1')
  }

  /** Reads a chunk's length, and with it the end of the one before. */
  #nextChunk(): boolean {
    if (this.#rest.subarray(0, 2).equals(LINE_END)) this.#rest = this.#rest.subarray(2)
    const end = this.#rest.indexOf(LINE_END)
    if (end < 1) return false
    this.#left = Number.parseInt(this.#rest.subarray(0, end).toString('latin1'), 16)
    this.#rest = this.#rest.subarray(end + LINE_END.length)
    return true
  }
}
