// The chunks of one run's streams, batch by batch, and where each stream is.
import { type ChunkBatch, type NewBatch, NO_PLACE, type StreamPlace } from '../storage.ts'

export class MemoryStreams {
  readonly #places = new Map<string, StreamPlace>()
  readonly #batches = new Map<string, ChunkBatch[]>()

  place(stream: string): StreamPlace {
    return this.#places.get(stream) ?? NO_PLACE
  }

  open(stream: string, attempt: number): void {
    const place = this.place(stream)
    this.#places.set(stream, { ...place, start: place.length, attempt })
  }

  append(stream: string, { first, tag, by, chunks, texts }: NewBatch): void {
    const place = this.place(stream)
    const size = texts.reduce((sum, text) => sum + text.length, 0)
    const total = place.total + size
    this.#places.set(stream, { ...place, length: first + chunks.length, tag, total })
    const batch: ChunkBatch = { first, count: chunks.length, tag, by, size, total, chunks: () => chunks }
    const kept = this.#batches.get(stream)
    if (kept) kept.push(batch)
    else this.#batches.set(stream, [batch])
  }

  cut(stream: string, first: number, cut: number): void {
    const kept = this.#batches.get(stream) ?? []
    kept.splice(
      0,
      kept.findIndex((batch) => batch.first >= first),
    )
    this.#places.set(stream, { ...this.place(stream), first, cut })
  }

  *batches(stream: string, index: number): Generator<ChunkBatch> {
    const batches = this.#batches.get(stream) ?? []
    let low = 0
    let high = batches.length
    while (low < high) {
      const middle = (low + high) >> 1
      const batch = batches[middle] as ChunkBatch
      if (batch.first + batch.count <= index) low = middle + 1
      else high = middle
    }
    for (let at = low; at < batches.length; at++) yield batches[at] as ChunkBatch
  }
}
