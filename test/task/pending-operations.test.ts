import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Draft, sized } from '../../src/protocol/draft.ts'
import type { JsonObject } from '../../src/protocol/json.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { PendingOperations } from '../../src/task/pending-operations.ts'

const key = fc.constantFrom('a', 'b', 'c', '$.a', '$.a.n', '$.b.n', '$.a.list')
const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constant({ n: 1 }),
  fc.constant([1]),
  fc.nat({ max: 60 }).map((length) => 'x'.repeat(length)),
)
const by = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(9_999, -100_000))
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('set' as const), key, value }),
  fc.record({ op: fc.constant('increment' as const), key, by }),
  fc.record({ op: fc.constant('increment' as const), key, by }),
  fc.record({ op: fc.constant('append' as const), key, value }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('remove' as const), key, value }),
  fc.record({ op: fc.constant('replace' as const), value: fc.constant<JsonObject>({ a: { n: 2 } }) }),
)

/** Of a document that is smaller than any operation that is tried here. */
const NO_LIMIT = 10_000
const first: JsonObject = { b: 1 }

function drafted(operations: readonly Operation[], limit: number) {
  const draft = new Draft(sized(first), limit)
  const refused = operations.filter((one) => draft.apply(one))
  return { document: draft.result.document, refused }
}

test.each([
  ['without a limit', NO_LIMIT],
  ['under a limit that all of them come near', 80],
])('merged operations do what they did one by one, %s, and none is refused that was taken', (_name, limit) => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
      const pending = new PendingOperations()
      // a worker sends only what its own view took
      const draft = new Draft(sized(first), limit)
      for (const one of operations) {
        const before = draft.bytes
        if (!draft.apply(one)) pending.push(one, { grows: draft.bytes - before, bytes: draft.bytes, limit })
      }
      expect(drafted(pending.take(), limit)).toEqual({ document: draft.result.document, refused: [] })
    }),
    { numRuns: 3000 },
  )
})

test('those on another run’s document, which the sender does not see, do too', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
      const pending = new PendingOperations()
      for (const one of operations) pending.push(one)
      expect(drafted(pending.take(), NO_LIMIT).document).toEqual(drafted(operations, NO_LIMIT).document)
    }),
    { numRuns: 2000 },
  )
})

test('a large value does not take the place of an earlier one where it would be too large', () => {
  const limit = 100
  const pending = new PendingOperations()
  const draft = new Draft(sized(first), limit)
  const say = (one: Operation): void => {
    const before = draft.bytes
    expect(draft.apply(one)).toBeUndefined()
    pending.push(one, { grows: draft.bytes - before, bytes: draft.bytes, limit })
  }
  const large = 'x'.repeat(60)
  say({ op: 'set', key: 'a', value: 0 })
  say({ op: 'set', key: 'b', value: large })
  say({ op: 'increment', key: 'b', by: 1 })
  say({ op: 'set', key: 'a', value: large })
  expect(drafted(pending.take(), limit)).toEqual({ document: { a: large, b: 1 }, refused: [] })
})

test('increments of one key are one operation, whatever other keys are said between', () => {
  const pending = new PendingOperations()
  for (let i = 0; i < 100; i++) {
    pending.push({ op: 'increment', key: 'n', by: 1 })
    pending.push({ op: 'append', key: 'list', value: i })
  }
  expect(pending.list.filter(({ op }) => op === 'increment')).toEqual([{ op: 'increment', key: 'n', by: 100 }])
})
