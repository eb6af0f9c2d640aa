import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EmbeddedEngine } from '../../../src/engine/embedded.ts'
import { Draft, sized } from '../../../src/protocol/draft.ts'
import type { Commit, CommitAnswer, LogEntry } from '../../../src/protocol/engine.ts'
import type { Json } from '../../../src/protocol/json.ts'
import type { Operation } from '../../../src/protocol/operation.ts'
import { applyPatch } from '../../../src/protocol/patch.ts'
import type { Run } from '../../../src/protocol/run.ts'
import { operation } from '../../protocol/arbitraries.ts'
import type { OpenKept } from '../suite.ts'
import { ended, executing, read } from './given.ts'

/** As it is over the wire. */
const wire = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json
const numberOf = (cursor: string): number => Number(cursor.slice(0, cursor.indexOf('.')))
const next = (document: Json, { cursor, at, patch }: LogEntry): Json =>
  ({ ...(applyPatch(document, patch) as object), version: numberOf(cursor), updatedAt: at }) as Json

/** One of several writers: a queue of commits, of which the oldest is sent until it is answered. */
class Writer {
  readonly #id: string
  readonly #run: string
  readonly #queue: Commit[] = []
  readonly #sent: Commit[] = []
  readonly #onFirst: (operations: readonly Operation[]) => void
  #sequence = 0
  #isUnderWay = false
  #known: CommitAnswer | undefined

  /** @param onFirst - a commit is sent for the first time. */
  constructor(run: string, id: string, onFirst: (operations: readonly Operation[]) => void) {
    this.#run = run
    this.#id = id
    this.#onFirst = onFirst
  }

  get isDone(): boolean {
    return this.#queue.length === 0
  }

  say(operations: readonly Operation[]): void {
    this.#queue.push({ run: this.#run, by: `run_${this.#id}`, writer: { id: this.#id, sequence: ++this.#sequence }, operations })
  }

  /** @param isLost - the answer does not arrive, so that the same is sent again. */
  async flush(engine: EmbeddedEngine, isLost: boolean): Promise<void> {
    const [commit] = this.#queue
    if (!commit) return
    if (!this.#isUnderWay) this.#onFirst(commit.operations ?? [])
    this.#isUnderWay = isLost
    const answer = await engine.record.commit(commit)
    if (isLost) return
    this.#known = answer
    this.#queue.shift()
    this.#sent.push(commit)
  }

  /** A copy of an earlier commit arrives late. @returns what it is answered, and what it should be. */
  async arriveLate(engine: EmbeddedEngine, back: number): Promise<readonly [unknown, unknown]> {
    const commit = this.#sent.at(-1 - back)
    // one that is under way may have been applied: then even the last that was answered is not the last any more
    if (!commit || this.#isUnderWay) return [undefined, undefined]
    const answer = await engine.record.commit(commit).catch((error: { readonly type?: string }) => error.type)
    return [answer, back === 0 ? this.#known : 'invalid_request']
  }
}

/** A reader that has the record once, and from then on sees patches only. */
class Client {
  document: Json
  #cursor: string

  constructor(run: Run, cursor: string) {
    this.document = wire(run)
    this.#cursor = cursor
  }

  async read(engine: EmbeddedEngine, run: string): Promise<void> {
    const entries = await engine.record.since(run, this.#cursor)
    if (!entries) throw new Error(`the log does not hold ${this.#cursor}`)
    for (const entry of entries) {
      this.document = next(this.document, entry)
      this.#cursor = entry.cursor
    }
  }
}

type Step =
  | { readonly do: 'say'; readonly writer: number; readonly operations: readonly Operation[] }
  | { readonly do: 'flush'; readonly writers: readonly number[]; readonly isLost: boolean }
  | { readonly do: 'late'; readonly writer: number; readonly back: number }
  | { readonly do: 'read' | 'reopen' | 'retry' }

const WRITERS = 3
const writer = fc.nat(WRITERS - 1)
// what shows when it is done twice, or not at all
const counted = fc.constantFrom<Operation>({ op: 'increment', key: 'n', by: 1 }, { op: 'append', key: 'l', value: 'x' })
const operations = fc.array(fc.oneof(operation, counted), { maxLength: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('say' as const), writer, operations }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('flush' as const), writers: fc.uniqueArray(writer, { minLength: 1 }), isLost: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('late' as const), writer, back: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('read' as const, 'read' as const, 'read' as const, 'reopen' as const, 'retry' as const) }) },
)

export function writersSuite(openKept: OpenKept): void {
  describe('several writers', () => {
    test('that are 1,000 children of one parent, at once: exact', async () => {
      const { engine } = await openKept()
      const parent = await executing(engine)
      const children = await engine.record.create(Array.from({ length: 1000 }, () => ({ task: 'child', payload: null, parentId: parent.id })))
      const claims = await engine.queue.claim({ worker: 'worker', tasks: ['child'], max: 1000 })
      expect(claims.map(({ run }) => run.id)).toEqual(children.map(({ id }) => id))
      const increment = { op: 'increment', key: 'done', by: 1 } as const
      await Promise.all(
        claims.map(async ({ run }) => {
          const said = { run: parent.id, by: run.id, writer: { id: `w_${run.id}`, sequence: 1 }, operations: [increment] }
          // every answer is lost once
          const [answer, again] = [await engine.record.commit(said), await engine.record.commit(said)]
          expect(again).toEqual(answer)
          await ended(engine, run)
        }),
      )
      expect(await read(engine, parent.id)).toMatchObject({ metadata: { done: 1000 }, version: parent.version + 1000 })
      await ended(engine, parent)
      expect(await engine.record.isSettled(parent.id)).toBe(true)
    }, 30_000)

    test('with repeats, restarts and attempts: record, log, history, local view and a reader of patches are one', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { size: '+1', maxLength: 60 }), fc.integer({ min: 40, max: 1000 }), async (steps, metadataLimit) => {
          const { engine: first, reopen, isOverNetwork } = await openKept({ metadataLimit })
          let engine = first
          const { id, task } = await executing(engine, { payload: { p: 1 }, maxAttempts: 1000 })
          const stored = await engine.record.read(id)
          const client = new Client(stored?.run as Run, stored?.cursor as string)
          // each commit applied once, in the order in which they were sent
          let view = sized({})
          const onFirst = (said: readonly Operation[]): void => {
            const draft = new Draft(view, metadataLimit)
            for (const one of said) draft.apply(one)
            view = draft.result
          }
          const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(id, `w_${i}`, onFirst))
          const states = new Map<number, Json>()
          const late: (readonly [unknown, unknown])[] = []
          const goOn = (): Promise<unknown> => engine.queue.claim({ worker: 'worker', tasks: [task], max: 1 })
          const look = async (): Promise<Run> => {
            const run = await read(engine, id)
            states.set(run.version, wire(run))
            return run
          }

          for (const one of steps) {
            switch (one.do) {
              case 'say':
                writers[one.writer]?.say(one.operations)
                break
              case 'flush':
                // which of them arrives first is known only where nothing lies between
                if (isOverNetwork) for (const at of one.writers) await writers[at]?.flush(engine, one.isLost)
                else await Promise.all(one.writers.map(async (at) => await writers[at]?.flush(engine, one.isLost)))
                break
              case 'late':
                late.push((await writers[one.writer]?.arriveLate(engine, one.back)) ?? [0, 0])
                break
              case 'read':
                await client.read(engine, id)
                break
              case 'reopen':
                engine = await reopen()
                await goOn()
                break
              case 'retry':
                await engine.record.commit({ run: id, attempt: (await look()).attempt, retry: { at: 0, error: { type: 'Error', message: 'no' } } })
                await goOn()
                break
              default:
                one satisfies never
            }
            await look()
          }
          while (writers.some(({ isDone }) => !isDone)) for (const one of writers) await one.flush(engine, false)
          expect(late.map(([said]) => said)).toEqual(late.map(([, expected]) => expected))

          const run = await look()
          const record = wire(run)
          expect(wire(run.metadata)).toEqual(wire(view.document))
          await client.read(engine, id)
          expect(client.document).toEqual(record)

          const { oldest, versions } = await engine.record.history(id, 0, 1000)
          let rebuilt = wire(await engine.record.at(id, oldest))
          const all = new Map([[oldest, rebuilt]])
          for (const entry of versions) all.set(entry.version, (rebuilt = next(rebuilt, entry)))
          expect([...all.keys()]).toEqual(Array.from({ length: run.version - oldest + 1 }, (_, i) => oldest + i))
          expect([...states.keys()].map((version) => all.get(version))).toEqual([...states.values()])
          const middle = Math.ceil((oldest + run.version) / 2)
          expect(wire(await engine.record.at(id, middle))).toEqual(all.get(middle))

          // the size is kept by difference, through every restart
          const { bytes } = await engine.record.commit({ run: id })
          expect([bytes, view.bytes]).toEqual([bytes, bytes])
          expect(bytes).toBe(new TextEncoder().encode(JSON.stringify(run.metadata)).length)
          expect(bytes).toBeLessThanOrEqual(metadataLimit)
        }),
        { numRuns: 50 },
      )
    }, 60_000)
  })
}
