import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Draft, sized } from '../../src/protocol/draft.ts'
import type { JsonObject } from '../../src/protocol/json.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { PendingOperations } from '../../src/task/pending-operations.ts'

const key = fc.constantFrom('a', 'b', '$.a', '$.a.n', '$.b.n', '$.a.list')
const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant({ n: 1 }), fc.constant([1]))
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('set' as const), key, value }),
  fc.record({ op: fc.constant('increment' as const), key, by: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ op: fc.constant('increment' as const), key, by: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ op: fc.constant('append' as const), key, value }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('remove' as const), key, value }),
  fc.record({ op: fc.constant('replace' as const), value: fc.constant<JsonObject>({ a: { n: 2 } }) }),
)

const after = (operations: readonly Operation[]): JsonObject => {
  const draft = new Draft(sized({ b: 1 }))
  for (const one of operations) draft.apply(one)
  return draft.result.document
}

test('merged operations do what they did one by one', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), fc.boolean(), (operations, mergeSets) => {
      const pending = new PendingOperations(mergeSets)
      // a worker sends only what its own view took
      const draft = new Draft(sized({ b: 1 }))
      for (const one of operations) if (!draft.apply(one)) pending.push(one)
      expect(after(pending.take())).toEqual(after(operations))
    }),
    { numRuns: 2000 },
  )
})

test('increments of one key are one operation, whatever other keys are said between', () => {
  const pending = new PendingOperations(false)
  for (let i = 0; i < 100; i++) {
    pending.push({ op: 'increment', key: 'n', by: 1 })
    pending.push({ op: 'append', key: 'list', value: i })
  }
  expect(pending.list.filter(({ op }) => op === 'increment')).toEqual([{ op: 'increment', key: 'n', by: 100 }])
})
