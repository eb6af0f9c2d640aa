// What may happen to tabs, by chance.
import fc from 'fast-check'
import { writeStep } from '../random-runs.ts'

const at = fc.nat(23)
const come = fc.record({
  do: fc.constant('come' as const),
  isVisible: fc.boolean(),
  identity: fc.constantFrom('me', 'me', 'me', 'me', 'other'),
  token: fc.constantFrom('long', 'long', 'renewed', 'short'),
})
const follow = fc.record({ do: fc.constantFrom('follow run', 'follow stream', 'follow list'), tab: at, at, n: fc.nat(5) })
const step = fc.oneof(
  { weight: 10, arbitrary: writeStep },
  { weight: 5, arbitrary: come },
  { weight: 12, arbitrary: follow },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('let go' as const), tab: at, at }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('hide', 'show', 'crash', 'close', 'leave', 'return', 'freeze', 'sleep', 'thaw'), tab: at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cut', 'stall', 'down', 'up', 'reach') }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 100, 600, 2_000, 7_000, 25_000) }) },
)
export type TabStep = typeof step extends fc.Arbitrary<infer T> ? T : never
export const tabSteps: fc.Arbitrary<readonly TabStep[]> = fc
  .tuple(
    fc.array(fc.record({ do: fc.constant('begin' as const), tags: fc.subarray(['a', 'b']) }), { maxLength: 2 }),
    fc.array(come, { maxLength: 3 }),
    fc.array(follow, { maxLength: 6 }),
    fc.array(step, { maxLength: 60, size: 'max' }),
  )
  .map((parts) => parts.flat())
