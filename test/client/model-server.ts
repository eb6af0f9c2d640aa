// A server as the specification describes one, in memory: one run with its log of versions, streams with their chunks, and connections that
// read on from their cursors. It chooses by chance what a server may choose: how much one frame says, and whether by patch or by record.
import { formatCursor } from '../../src/protocol/cursor.ts'
import { Draft, sized } from '../../src/protocol/draft.ts'
import type { Frame } from '../../src/protocol/frame.ts'
import type { Json } from '../../src/protocol/json.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { applyPatch, coalescePatch, type Patch } from '../../src/protocol/patch.ts'
import type { Run, StreamState } from '../../src/protocol/run.ts'
import type { RunWant, StreamWant } from '../../src/protocol/want.ts'
import { record } from './setup.ts'
import type { ScriptedConnection } from './scripted-transport.ts'

interface Version {
  readonly run: Run
  readonly cursor: string
  readonly patch: Patch
}
export interface ModelStream {
  state: StreamState
  start: number
  readonly chunks: Json[]
}

const without = ({ payload: _payload, ...rest }: Run): Run => rest as Run

/** Gives whole numbers below `n`. */
export type Dice = (n: number) => number

export class ModelServer {
  readonly versions: Version[]
  readonly streams: { [key: string]: ModelStream } = {}
  readonly #dice: Dice
  settled = false
  /** How often a frame left something out. */
  omissions = 0
  #endVersion: number | undefined

  constructor(dice: Dice) {
    this.#dice = dice
    this.versions = [{ run: record({ metadata: { list: [], deep: { a: { n: 0 } } } }), cursor: formatCursor(1, 't1'), patch: [] }]
  }

  get run(): Run {
    return this.#last.run
  }
  get #last(): Version {
    return this.versions.at(-1) as Version
  }
  get ended(): boolean {
    return this.#endVersion !== undefined
  }

  commit(operations: readonly Operation[]): void {
    const draft = new Draft(sized(this.run.metadata))
    for (const operation of operations) draft.apply(operation)
    if (draft.patch.length > 0 && !this.settled) this.#write(draft.patch)
  }

  openStream(key: string): void {
    const known = this.streams[key]
    if (this.ended || known?.state === 'open') return
    if (known) {
      known.state = 'open'
      known.start = known.chunks.length
    } else this.streams[key] = { state: 'open', start: 0, chunks: [] }
    this.#write([{ op: known ? 'replace' : 'add', path: `/streams/${key}`, value: { state: 'open' } }])
  }
  append(key: string, chunks: readonly Json[]): void {
    if (!this.streams[key]) this.openStream(key)
    const stream = this.streams[key]
    if (stream?.state === 'open') stream.chunks.push(...chunks)
  }

  end(settled: boolean): void {
    if (!this.ended) {
      const open = Object.entries(this.streams).filter(([, stream]) => stream.state === 'open')
      for (const [, stream] of open) stream.state = 'aborted'
      this.#write([
        { op: 'replace', path: '/status', value: 'COMPLETED' },
        { op: 'replace', path: '/finishedAt', value: 9 },
        ...open.map(([key]) => ({ op: 'replace' as const, path: `/streams/${key}/state`, value: 'aborted' })),
      ])
      this.#endVersion = this.run.version
    }
    this.settled ||= settled
  }

  #write(patch: Patch): void {
    const version = this.run.version + 1
    const next = applyPatch(this.run as unknown as Json, patch) as unknown as Run
    this.versions.push({ run: { ...next, version, updatedAt: version }, cursor: formatCursor(version, `t${version}`), patch })
  }

  /** The readers of one connection, each a function that says its next frames, or nothing. */
  connect(connection: ScriptedConnection): () => boolean {
    connection.open()
    const readers = connection.wants.map((want) =>
      want.query !== undefined ? () => [] : want.stream === undefined ? this.#readRun(want) : this.#readStream(want),
    )
    return () => {
      const frames = readers[this.#dice(readers.length)]?.() ?? []
      connection.send(...frames)
      return frames.length > 0
    }
  }

  #readRun(want: RunWant): () => Frame[] {
    let at = want.cursor === undefined ? -1 : this.versions.findIndex((version) => version.cursor === want.cursor)
    let told = 'no'
    return () => {
      const run = want.run
      const next = this.versions.slice(at + 1, at + 2 + this.#dice(4))
      const last = next.at(-1)
      if (last) {
        const base = at + 1
        const whole = at < 0 || this.#dice(8) === 0
        at += next.length
        const isTooLarge = this.#dice(6) === 0
        if (isTooLarge) this.omissions++
        const omitted = isTooLarge && { omitted: ['payload'] as const }
        if (whole) return [{ event: 'run', data: structuredClone({ run: isTooLarge ? without(last.run) : last.run, cursor: last.cursor, ...omitted }) }]
        const patch = coalescePatch(next.flatMap((version) => version.patch))
        return [{ event: 'patch', data: structuredClone({ run, base, cursor: last.cursor, at: last.run.updatedAt, patch, by: run, ...omitted }) }]
      }
      const now = `${this.settled}`
      if (this.#endVersion === undefined || told === now) return []
      told = now
      const lengths = Object.fromEntries(Object.entries(this.streams).map(([key, { chunks }]) => [key, chunks.length]))
      return [{ event: 'end', data: { run, cursor: this.#last.cursor, lengths, settled: this.settled } }]
    }
  }

  #readStream(want: StreamWant): () => Frame[] {
    const { run, stream: key = '', index = 0 } = want as { run: string; stream?: string; index?: number }
    let at = index
    let told = ''
    return () => {
      const stream = this.streams[key]
      if (!stream) return []
      const { start } = stream
      const length = stream.chunks.length
      if (at < length) {
        const isOpenTold = told.startsWith(`open ${start}`)
        if (!isOpenTold) {
          told = `open ${start}`
          return [{ event: 'stream', data: { run, stream: key, state: 'open', start, length } }]
        }
        const chunks = stream.chunks.slice(at, at + 1 + this.#dice(5))
        const from = at
        at += chunks.length
        return [{ event: 'chunks', data: { run, stream: key, index: from, cursor: formatCursor(at, 'c'), chunks, by: run } }]
      }
      const now = `${stream.state} ${start}`
      if (told === now) return []
      told = now
      return [{ event: 'stream', data: { run, stream: key, state: stream.state, start, length } }]
    }
  }
}
