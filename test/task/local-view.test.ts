// The view is changed in place and kept over answers; here it is held against one that is built anew each time.
import fc from 'fast-check'
import { RunfeedError } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { expect, onTestFinished, test } from 'vitest'
import type { Operation } from '../../src/protocol/operation.ts'
import type { Run } from '../../src/protocol/run.ts'
import { LocalView } from '../../src/task/local-view.ts'
import { PendingOperations } from '../../src/task/pending-operations.ts'
import { operation } from '../protocol/arbitraries.ts'

type Step = { readonly do: 'say' | 'other'; readonly operations: readonly Operation[] } | { readonly do: 'send' | 'answer' | 'read' }

const sum = fc.record({
  op: fc.constant('increment' as const),
  key: fc.constantFrom('n', 'm'),
  by: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.1, -0.4, 1e-7, 2 ** 53, 1e300, -1e300)),
})
const operations = fc.array(fc.oneof(operation, sum, sum), { minLength: 1, maxLength: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('say' as const), operations }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('other' as const), operations }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'answer' as const, 'send' as const, 'answer' as const, 'read' as const) }) },
)

test('what is kept over answers is what would be built anew', async () => {
  const engine = memoryEngine()
  onTestFinished(async () => await engine.close())
  await fc.assert(
    fc.asyncProperty(fc.array(step, { size: '+1', maxLength: 60 }), async (steps) => {
      const first = { n: 1, list: [1], a: { b: { c: 1 } } }
      const { run } = await engine.queue.begin({ task: 'work', payload: null, metadata: structuredClone(first) }, { worker: 'w' })
      const current = async (): Promise<Run> => (await engine.record.read(run.id))?.run as Run
      const pending = new PendingOperations()
      let inFlight: { readonly operations: readonly Operation[]; readonly sums: PendingOperations['sums']; readonly base: number } | undefined
      const unacknowledged = (): readonly Operation[] => [...(inFlight?.operations ?? []), ...pending.list]
      const view = new LocalView(run, undefined, unacknowledged)
      // the record as the view knows it
      let known = run
      let text = JSON.stringify(run.metadata)
      // what the view was, and what it should have been
      const seen: (readonly [unknown, unknown])[] = []
      const say = (said: Operation): void => {
        try {
          pending.push(said, view.say(said))
        } catch (thrown) {
          if (!(thrown instanceof RunfeedError)) throw thrown
        }
      }
      const look = (): void => void seen.push([structuredClone(view.document), new LocalView(known, undefined, unacknowledged).document])

      for (const one of steps) {
        switch (one.do) {
          case 'say':
            for (const said of one.operations) say(said)
            break
          case 'other':
            await engine.record.commit({ run: run.id, by: 'run_child', operations: one.operations })
            break
          case 'send': {
            const { sums } = pending
            inFlight ??= { sums, operations: pending.take(), base: view.version }
            break
          }
          case 'answer': {
            if (!inFlight) break
            const { base, sums } = inFlight
            const answer = await engine.record.commit({ run: run.id, attempt: 1, base, operations: inFlight.operations })
            inFlight = undefined
            view.acknowledge(answer, sums)
            if (answer.refused.length > 0) view.rebuild()
            known = await current()
            text = JSON.stringify(known.metadata)
            if (pending.list.length === 0) look()
            break
          }
          case 'read':
            // what was summed may be rounded otherwise than what was added one by one
            if (pending.list.length === 0 && (inFlight?.sums ?? 'none') === 'none') look()
            break
          default:
            one satisfies never
        }
      }
      expect(seen.map(([was]) => was)).toEqual(seen.map(([, should]) => should))
      // nothing that the record holds was changed in place
      expect((await engine.record.at(run.id, 1)).metadata).toEqual(first)
      expect(known.metadata).toEqual(JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})
