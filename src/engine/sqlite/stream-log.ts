// The chunks of a run's streams in a SQLite file: a row for each append, and where each stream is, which is held in memory with its run.
import type { SQLOutputValue } from 'node:sqlite'
import type { Json } from '../../protocol/json.ts'
import { type ChunkBatch, type NewBatch, NO_PLACE, type StreamPlace } from '../storage.ts'
import type { CachedRun } from './run-cache.ts'
import type { Statements } from './statements.ts'

type StreamsOf = Pick<CachedRun, 'seq' | 'places'>

export class StreamLog {
  readonly #sql: Statements

  constructor(sql: Statements) {
    this.#sql = sql
  }

  place({ seq, places }: StreamsOf, stream: string): StreamPlace {
    let place = places.get(stream)
    if (place) return place
    const opened = this.#sql.stream.get(seq, stream)
    const last = this.#sql.lastBatch.get(seq, stream)
    place = {
      ...NO_PLACE,
      ...(opened && { start: Number(opened['start']), attempt: Number(opened['attempt']), first: Number(opened['first']), cut: Number(opened['cut']) }),
      ...(last && { length: Number(last['length']), tag: String(last['tag']), total: Number(last['total']) }),
    }
    // readers may ask for any name: only what is there is kept
    if (opened) places.set(stream, place)
    return place
  }

  open(run: StreamsOf, stream: string, attempt: number): void {
    const place = this.place(run, stream)
    this.#sql.openStream.run(run.seq, stream, place.length, attempt)
    run.places.set(stream, { ...place, attempt, start: place.length })
  }

  append(run: StreamsOf, stream: string, { first, tag, by, texts }: NewBatch): void {
    const place = this.place(run, stream)
    const data = `[${texts.join()}]`
    const total = place.total + sizeOf(data, texts.length)
    this.#sql.insertBatch.run(run.seq, stream, first, texts.length, tag, by, data, total)
    run.places.set(stream, { ...place, length: first + texts.length, tag, total })
  }

  cut(run: StreamsOf, stream: string, first: number, cut: number): void {
    const place = this.place(run, stream)
    this.#sql.cutChunks.run(run.seq, stream, first)
    this.#sql.cutStream.run(first, cut, run.seq, stream)
    run.places.set(stream, { ...place, first, cut })
  }

  *batches({ seq }: StreamsOf, stream: string, index: number): Generator<ChunkBatch> {
    for (const row of this.#sql.batches.iterate(seq, stream, index)) yield batchOf(row)
  }
}

/** Without the brackets and the commas. */
const sizeOf = (data: string, count: number): number => data.length - count - 1

const batchOf = (row: Record<string, SQLOutputValue>): ChunkBatch => {
  const data = String(row['data'])
  const count = Number(row['count'])
  return {
    first: Number(row['first']),
    count,
    tag: String(row['tag']),
    by: String(row['by']),
    size: sizeOf(data, count),
    total: Number(row['total']),
    chunks: () => JSON.parse(data) as readonly Json[],
  }
}
