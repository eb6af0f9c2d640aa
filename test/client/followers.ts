// Whoever follows something of a server by one client, and whether each was told what the server has: in order, once, to its end.
import { deepEqual, equal } from 'node:assert/strict'
import type { FeedQuery, Json, Run, RunClient, RunfeedError } from 'runfeed'
import type { RandomRuns } from './random-runs.ts'

/** Somebody who follows one thing. */
export interface Follower {
  stop(): void
  /** @throws where it has not been told what the server has. */
  check(): Promise<void>
  /** How often its end was told, where it has one. */
  ends?(): number
}

export class Followers {
  readonly all = new Set<Follower>()
  /** What was told and should not have been. */
  readonly wrong: string[] = []
  readonly #client: RunClient
  readonly #runs: RandomRuns
  readonly #isExpected: (error: RunfeedError) => boolean

  /** @param isExpected - whether a failure is right: its follower asks for nothing more. @defaultValue none is */
  constructor(client: RunClient, runs: RandomRuns, isExpected: (error: RunfeedError) => boolean = () => false) {
    this.#client = client
    this.#runs = runs
    this.#isExpected = isExpected
  }

  run(id: string): void {
    let last: Run | undefined
    let ends = 0
    const onChange = (run: Run): void => {
      if (run.version < (last?.version ?? 0)) this.wrong.push(`${id} went back to ${run.version}`)
      if (ends > 0) this.wrong.push(`${id} was told after its end`)
      last = run
    }
    const stop = this.#client.subscribeRun(id, { onChange, onEnd: () => ends++, onError: (error) => this.#failed(follower, id, error) })
    const check = async (): Promise<void> => deepEqual(last, JSON.parse(JSON.stringify(await this.#runs.record(id))))
    const follower = { stop, check, ends: () => ends }
    this.all.add(follower)
  }

  stream(id: string, stream: string, startIndex: number): void {
    const chunks: Json[] = []
    let ends = 0
    const onChange = (chunk: Json, index: number): void => {
      if (index !== startIndex + chunks.length) this.wrong.push(`${id} ${stream} said ${index} after ${chunks.length} from ${startIndex}`)
      if (ends > 0) this.wrong.push(`${id} ${stream} was told after its end`)
      chunks.push(chunk)
    }
    const onError = (error: RunfeedError): void => {
      ends++
      if (error.type !== 'stream_aborted') this.#failed(follower, `${id} ${stream}`, error)
    }
    const stop = this.#client.subscribeStream(id, stream, { startIndex, onChange, onError, onEnd: () => ends++ })
    const check = async (): Promise<void> => {
      const { length } = await this.#runs.engine.chunks.info(id, stream)
      deepEqual(
        chunks,
        Array.from({ length: Math.max(0, length - startIndex) }, (_, at) => `${stream}${startIndex + at}`),
      )
    }
    const follower = { stop, check, ends: () => ends }
    this.all.add(follower)
  }

  list(query: FeedQuery): void {
    const list = this.#client.runList(query)
    const stop = list.subscribe(() => {
      const { error } = list.getSnapshot()
      if (error) this.#failed(follower, 'a list', error)
    })
    const parts = ({ id, version, metadata }: Run): object => ({ id, version, metadata })
    const check = async (): Promise<void> => {
      const { runs, next } = await this.#runs.engine.record.list(query)
      const { runs: shown, hasMore, error } = list.getSnapshot()
      equal(error, undefined)
      deepEqual(shown?.map(parts), runs.map(parts))
      equal(hasMore, next !== undefined)
    }
    const follower = { stop, check }
    this.all.add(follower)
  }

  /** Lets go of one of them. */
  drop(place: number): void {
    const follower = [...this.all][place % Math.max(1, this.all.size)]
    if (follower) this.all.delete(follower)
    follower?.stop()
  }

  #failed(follower: Follower, what: string, error: RunfeedError): void {
    if (!this.#isExpected(error)) this.wrong.push(`${what}: ${error.type} ${error.message}`)
    else {
      this.all.delete(follower)
      follower.stop()
    }
  }
}
