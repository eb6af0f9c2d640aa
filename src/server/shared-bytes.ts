// Texts as bytes: when thousands are told the same, it is encoded for the first of them, and who waits for the network holds the same bytes
// as all the others.
import { Recent } from '../feed/recent.ts'

/** Bytes: readers who came one after the other to a long stream are some frames apart. */
const MAX_BYTES = 8 * 1024 * 1024

export class SharedBytes {
  readonly #encode: (text: string) => Buffer
  readonly #recent = new Recent<Buffer>(MAX_BYTES)
  #text = ''
  #bytes: Buffer = Buffer.alloc(0)

  constructor(encode: (text: string) => Buffer) {
    this.#encode = encode
  }

  of(text: string): Buffer {
    if (text === this.#text) return this.#bytes
    this.#bytes = this.#recent.get(text) ?? this.#made(text)
    this.#text = text
    return this.#bytes
  }

  /** Keeps nothing of it; who is still writing does. */
  clear(): void {
    this.#recent.clear()
    this.#text = ''
    this.#bytes = Buffer.alloc(0)
  }

  #made(text: string): Buffer {
    const bytes = this.#encode(text)
    return this.#recent.keep(text, bytes, bytes.length)
  }
}

/** As a chunk of HTTP/1.1 (RFC 9112, 7.1). */
export function chunkOf(text: string): Buffer {
  const size = Buffer.byteLength(text)
  const head = `${size.toString(16)}\r\n`
  const chunk = Buffer.allocUnsafe(head.length + size + 2)
  chunk.write(head, 'latin1')
  chunk.write(text, head.length)
  chunk.write('\r\n', head.length + size, 'latin1')
  return chunk
}
