// Random documents, operations and keys. Names come from a few, so that operations meet; keys point into arrays, objects and scalars alike.
import fc from 'fast-check'
import type { Json, JsonObject } from '../../src/protocol/json.ts'
import type { Operation } from '../../src/protocol/operation.ts'

const name = fc.constantFrom('a', 'b', 'c', 'é/~', '0', '')
const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true })).map((n) => (n === 0 ? 0 : n))
const text = fc.oneof(fc.constantFrom('', 'x', '"quoted"\n', 'ü', '☃', '😀', '\ud800'), fc.string({ maxLength: 5 }))

export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }).map((members) => ({ ...members })),
  ),
})).value

export const document: fc.Arbitrary<JsonObject> = fc.dictionary(name, json, { maxKeys: 5 }).map((members) => ({ ...members }))

const part = fc.oneof(
  fc.constantFrom('.a', '.b', '.c', '["é/~"]', '["0"]', '[""]'),
  fc.integer({ min: 0, max: 4 }).map((index) => `[${index}]`),
)
const key = fc.oneof(
  name,
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `$${parts.join('')}`),
  fc.constantFrom('$.a[*]', '__proto__', '$.a.constructor', '$.'),
)

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('set' as const), key, value: json }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('append' as const), key, value: json, max: fc.integer({ min: 0, max: 4 }) }, { requiredKeys: ['op', 'key', 'value'] }),
  fc.record({ op: fc.constant('remove' as const), key, value: json }),
  fc.record({ op: fc.constant('increment' as const), key, by: fc.oneof(number, fc.constantFrom(Number.MAX_VALUE, Number.NaN)) }),
  fc.record({ op: fc.constant('replace' as const), value: document }),
)

/** So that whoever changes what is not theirs gets a TypeError. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}
