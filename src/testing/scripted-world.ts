// What a script has made true so far, as frames: for those who are connected, and for those who connect now.
import { parseCursor } from '../protocol/cursor.ts'
import { isBounded } from '../feed/query-topic.ts'
import type { Frame, FrameOf } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import type { RunListRequest, RunPage } from '../protocol/rest.ts'
import type { Run, StreamState, StreamSummary } from '../protocol/run.ts'
import { isTerminalStatus } from '../protocol/status.ts'
import { type FeedQuery, queryName, topicOf, type Want } from '../protocol/want.ts'
import type { ScriptStep } from './script.ts'
import { listRuns } from './scripted-list.ts'
import { SCRIPT_EPOCH, scriptCursor, scriptedRun } from './scripted-run.ts'

interface Stream {
  readonly chunks: Json[]
  state: StreamState
  error?: string
}
type Wanted =
  | { readonly run: string; readonly stream?: string | undefined; readonly query?: undefined }
  | { readonly query: FeedQuery; readonly run?: undefined; readonly stream?: undefined }

/** However many runs of a query are wanted, it is refused alike. */
const nameOf = (of: Wanted): string => topicOf(of.query === undefined ? of : { query: { ...of.query, limit: 0 } })

export class ScriptedWorld {
  isOnline = true
  readonly #runs = new Map<string, Run>()
  /** Each run at each of its versions, for its history. */
  readonly #versions = new Map<string, Run[]>()
  readonly #streams = new Map<string, Stream>()
  readonly #denied = new Map<string, { readonly code: string; readonly message: string }>()

  run(id: string): Run | undefined {
    return this.#runs.get(id)
  }

  /** Oldest first. */
  versions(id: string): readonly Run[] {
    return this.#versions.get(id) ?? []
  }

  list(request: RunListRequest): RunPage {
    return listRuns(this.#runs.values(), request)
  }

  /** Why something cannot be had. */
  refusal(of: Wanted): FrameOf<'denied'> | undefined {
    const isUnbounded = of.query !== undefined && !isBounded(of.query)
    const reason = isUnbounded ? { code: 'invalid_request', message: 'a query names at least one of ids, task, tag and parent' } : this.#denied.get(nameOf(of))
    if (!reason) return undefined
    if (of.query !== undefined) return { event: 'denied', data: { query: queryName(of.query), ...reason } }
    return { event: 'denied', data: { run: of.run, ...(of.stream !== undefined && { stream: of.stream }), ...reason } }
  }

  /** @returns what those who are connected are told; what changed in their lists is each connection's own. */
  apply(step: ScriptStep): readonly Frame[] {
    if ('frame' in step) return [step.frame]
    if ('connection' in step) {
      this.isOnline = step.connection === 'back'
      return []
    }
    if ('denied' in step) {
      const { code, message, ...of } = step.denied
      this.#denied.set(nameOf(of), { code, message })
      const frame = this.refusal(of)
      return frame && of.query === undefined ? [frame] : []
    }
    if ('run' in step) return this.#applyRun(step.run, step.at, step.isMetadataWhole === true)
    return this.#applyStream(step.stream, step.at)
  }

  /** What a new connection gets for a want. */
  answer(want: Want): readonly Frame[] {
    const denied = this.refusal(want)
    if (denied) return [denied]
    // what of it was told is each connection's own
    if (want.query !== undefined) return []
    const run = this.#runs.get(want.run)
    if (want.stream === undefined) return run ? [this.#runFrame(run), ...this.#endOf(run)] : []
    const stream = this.#streams.get(topicOf(want))
    // a stream that was never opened is ended by its run's end
    if (!stream) return run && run.finishedAt !== null ? [this.#streamFrame(want.run, want.stream, { chunks: [], state: 'closed' }), ...this.#endOf(run)] : []
    const { index = 0, cursor } = want
    const from = cursor === undefined ? (index < 0 ? Math.max(0, stream.chunks.length + index) : index) : (parseCursor(cursor)?.number ?? 0)
    const frames: Frame[] = [this.#streamFrame(want.run, want.stream, { ...stream, state: 'open' })]
    if (from < stream.chunks.length) frames.push(this.#chunksFrame(want.run, want.stream, stream.chunks, from))
    if (stream.state !== 'open') frames.push(this.#streamFrame(want.run, want.stream, stream))
    return frames
  }

  #applyRun(change: Partial<Run> & { readonly id: string }, at: number, isMetadataWhole: boolean): readonly Frame[] {
    const before = this.#runs.get(change.id)
    const now = SCRIPT_EPOCH + at
    const status = change.status ?? before?.status ?? 'EXECUTING'
    const isOver = isTerminalStatus(status)
    const frames: Frame[] = []
    if (isOver)
      for (const [key, summary] of Object.entries(change.streams ?? before?.streams ?? {}))
        if (summary.state === 'open') frames.push(...this.#applyStream({ run: change.id, stream: key, state: 'aborted' }, at))
    const known = this.#runs.get(change.id) ?? scriptedRun({ id: change.id, status, createdAt: now, version: 0 })
    // what ended while it waited has not begun
    const isGivenUp = before?.startedAt === null && (status === 'CANCELED' || status === 'EXPIRED')
    const hasStarted = known.startedAt !== null || (!isGivenUp && scriptedRun({ status }).startedAt !== null)
    const run: Run = {
      ...known,
      attempt: hasStarted ? Math.max(1, known.attempt) : known.attempt,
      startedAt: hasStarted ? (known.startedAt ?? now) : null,
      finishedAt: isOver ? (known.finishedAt ?? now) : null,
      updatedAt: now,
      version: known.version + 1,
      ...change,
      status,
      metadata: { ...(!isMetadataWhole && known.metadata), ...change.metadata },
    }
    this.#keep(run)
    return [...frames, this.#runFrame(run), ...this.#endOf(run)]
  }

  #applyStream(step: Extract<ScriptStep, { stream: unknown }>['stream'], at: number): readonly Frame[] {
    const topic = topicOf(step)
    const known = this.#streams.get(topic)
    const stream: Stream = known ?? { chunks: [], state: 'open' }
    this.#streams.set(topic, stream)
    const frames: Frame[] = known ? [] : [this.#streamFrame(step.run, step.stream, stream)]
    const { length } = stream.chunks
    if (step.chunks && step.chunks.length > 0) {
      stream.chunks.push(...step.chunks)
      frames.push(this.#chunksFrame(step.run, step.stream, stream.chunks, length))
    }
    const state = step.state ?? stream.state
    if (known && state === stream.state) return frames
    stream.state = state
    if (step.error !== undefined) stream.error = step.error
    if (state !== 'open') frames.push(this.#streamFrame(step.run, step.stream, stream))
    const run = this.#runs.get(step.run)
    if (run) frames.push(...this.#summarize(run, step.stream, { state, ...(step.error !== undefined && { error: step.error }) }, at))
    return frames
  }

  /** A stream's opening and its end are versions of the run, its chunks are not. */
  #summarize(run: Run, stream: string, summary: StreamSummary, at: number): readonly Frame[] {
    // a step before may have said so
    const said = run.streams[stream]
    if (said?.state === summary.state && said.error === summary.error) return []
    const next = { ...run, version: run.version + 1, updatedAt: SCRIPT_EPOCH + at, streams: { ...run.streams, [stream]: summary } }
    this.#keep(next)
    return [this.#runFrame(next)]
  }

  #keep(run: Run): void {
    this.#runs.set(run.id, run)
    const versions = this.#versions.get(run.id)
    if (versions) versions.push(run)
    else this.#versions.set(run.id, [run])
  }
  #runFrame(run: Run): Frame {
    return { event: 'run', data: { run, cursor: scriptCursor(run.version) } }
  }
  #chunksFrame(run: string, stream: string, chunks: readonly Json[], index: number): Frame {
    return { event: 'chunks', data: { run, stream, index, cursor: scriptCursor(chunks.length), chunks: chunks.slice(index), by: run } }
  }
  #streamFrame(run: string, stream: string, { state, chunks, error }: Stream): Frame {
    return { event: 'stream', data: { run, stream, state, start: 0, length: chunks.length, ...(error !== undefined && { error }) } }
  }
  #endOf(run: Run): readonly Frame[] {
    if (run.finishedAt === null) return []
    const lengths: { [stream: string]: number } = {}
    for (const key of Object.keys(run.streams)) lengths[key] = this.#streams.get(topicOf({ run: run.id, stream: key }))?.chunks.length ?? 0
    return [{ event: 'end', data: { run: run.id, cursor: scriptCursor(run.version), lengths, settled: true } }]
  }
}
