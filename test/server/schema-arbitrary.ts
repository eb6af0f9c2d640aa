// Values that a JSON Schema of the OpenAPI document allows, and values that are nearly so: one place in them may hold anything.
import fc from 'fast-check'

export type Schema = { readonly [keyword: string]: unknown }

/** Names, numbers and texts that have broken servers. */
const NASTY_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '$',
  '$.a.b',
  '$.a[0]',
  '$.__proto__.polluted',
  'a\u0000b',
  '\ud800',
  'é',
]
const NASTY = ['', '\ud800', '\udfff\ud800', '\u0000', '\r\n', '__proto__', 'run_', ' ', '￿', '-1', '1e999', 'NaN', 'null', 'x'.repeat(5000), '💥']
const NUMBERS = [0, -0, -1, 1.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 9e15, 8.64e15 + 1]

const nest = (depth: number, value: unknown): unknown => {
  let nested = value
  for (let level = 0; level < depth; level++) nested = level % 2 === 0 ? [nested] : { a: nested }
  return nested
}
const name = fc.oneof(fc.constantFrom(...NASTY_NAMES), fc.string({ maxLength: 10 }))
/** An own member, also for `__proto__`: as JSON.parse makes it. */
const objectOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.array(fc.tuple(name, value), { maxLength: 4 }).map((members) => {
    const object = {}
    for (const [key, member] of members) Object.defineProperty(object, key, { value: member, enumerable: true, configurable: true, writable: true })
    return object
  })

export const anything: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, ...NASTY, ...NUMBERS),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: 1, max: 200 }).map((depth) => nest(depth, 'deep')),
    objectOf(tie('value')),
    fc.array(tie('value'), { maxLength: 4 }),
  ),
})).value

interface Context {
  readonly definitions: { readonly [name: string]: Schema }
  /** Runs that there are: what is about them must be reached. */
  readonly ids: readonly string[]
}

const asList = (value: unknown): readonly Schema[] => value as readonly Schema[]

/** Mostly what the schema allows. */
export function valueOf(schema: Schema, context: Context): fc.Arbitrary<unknown> {
  const right = allowed(schema, context)
  return fc.oneof({ arbitrary: right, weight: 80 }, { arbitrary: anything, weight: 1 })
}

const mostly = (right: fc.Arbitrary<unknown>, wrong: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: right, weight: 25 }, { arbitrary: wrong, weight: 1 })

function allowed(schema: Schema, context: Context): fc.Arbitrary<unknown> {
  const { $ref, const: constant, enum: choices, oneOf, anyOf, allOf, type } = schema
  if (typeof $ref === 'string') return valueOf(context.definitions[$ref.split('/').at(-1) as string] as Schema, context)
  if (constant !== undefined) return fc.constant(constant)
  if (Array.isArray(choices)) return fc.constantFrom<unknown>(...(choices as unknown[]))
  const either = oneOf ?? anyOf
  if (either !== undefined) return fc.oneof(...asList(either).map((one) => allowed(one, context)))
  if (allOf !== undefined) return fc.oneof(...asList(allOf).map((one) => allowed(one, context)))
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return mostly(fc.constantFrom('a', 'import', 'log', 'w', 'queue', ...context.ids, ...context.ids.map((id) => `run:${id}`)), fc.constantFrom(...NASTY))
    case 'integer':
    case 'number':
      return mostly(
        fc.integer({ min: Math.max(0, Number(schema['minimum'] ?? 0)), max: Math.min(1000, Number(schema['maximum'] ?? 1000)) }),
        fc.constantFrom(...NUMBERS),
      )
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(valueOf((schema['items'] ?? {}) as Schema, context), { maxLength: 5 })
    case 'object':
      return objectFor(schema, context)
    default:
      return mostly(fc.jsonValue({ maxDepth: 3 }), anything)
  }
}

function objectFor({ properties, required, additionalProperties }: Schema, context: Context): fc.Arbitrary<unknown> {
  if (properties === undefined)
    return typeof additionalProperties === 'object'
      ? mostly(fc.dictionary(fc.constantFrom('a', 'log', 'import', ''), valueOf(additionalProperties as Schema, context)), objectOf(anything))
      : mostly(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 })), objectOf(anything))
  const members = Object.entries(properties as { readonly [name: string]: Schema })
  const needed = new Set(required as readonly string[] | undefined)
  return fc.record(Object.fromEntries(members.map(([key, member]) => [key, valueOf(member, context)])), {
    requiredKeys: members.map(([key]) => key).filter((key) => needed.has(key)),
    noNullPrototype: true,
  })
}

/** A value that works, with something else in one place, or as it is. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constant(value),
    fc.tuple(fc.constantFrom(...placesIn(value)), mostly(fc.jsonValue({ maxDepth: 2 }), anything)).map(([place, other]) => withAt(value, place, other)),
  )
}

type Place = readonly string[]

const isContainer = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const placesIn = (value: unknown): readonly Place[] =>
  isContainer(value) ? Object.entries(value).flatMap(([key, member]) => [[key], ...placesIn(member).map((place) => [key, ...place])]) : []

function withAt(value: unknown, [first, ...rest]: Place, other: unknown): unknown {
  if (first === undefined || !isContainer(value)) return other
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...(value as unknown[])] as unknown as Record<string, unknown>) : { ...value }
  copy[first] = withAt(value[first], rest, other)
  return copy
}
