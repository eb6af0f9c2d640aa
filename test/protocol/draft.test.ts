// The table of operations in the protocol, row by row.
import { describe, expect, test } from 'vitest'
import { Draft, sized } from '../../src/protocol/draft.ts'
import type { RunfeedError } from '../../src/protocol/errors.ts'
import type { Json, JsonObject } from '../../src/protocol/json.ts'
import { MAX_METADATA_BYTES } from '../../src/protocol/limits.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { applyPatch } from '../../src/protocol/patch.ts'

function done(document: JsonObject, ...operations: Operation[]): JsonObject {
  const draft = new Draft(sized(document))
  for (const operation of operations) {
    const refused = draft.apply(operation)
    if (refused) throw refused
  }
  return draft.result.document
}

function refusal(document: JsonObject, operation: Operation, limit?: number): RunfeedError | undefined {
  const draft = new Draft(sized(document), limit)
  const error = draft.apply(operation)
  expect(draft.result.document).toBe(document)
  expect(draft.patch).toEqual([])
  return error
}

describe('append', () => {
  test.each<[string, JsonObject, Json, JsonObject]>([
    ['a missing key', {}, 1, { k: [1] }],
    ['a scalar', { k: 1 }, 2, { k: [1, 2] }],
    ['null', { k: null }, 2, { k: [null, 2] }],
    ['an object', { k: { a: 1 } }, 2, { k: [{ a: 1 }, 2] }],
    ['an array, with an array value', { k: [1] }, [2, 3], { k: [1, [2, 3]] }],
    ['an empty array', { k: [] }, 'x', { k: ['x'] }],
  ])('to %s', (_, before, value, after) => {
    expect(done(before, { op: 'append', key: 'k', value })).toEqual(after)
  })

  test('max keeps the last n', () => {
    expect(done({ k: [1, 2, 3, 4] }, { op: 'append', key: 'k', value: 5, max: 3 })).toEqual({ k: [3, 4, 5] })
    expect(done({ k: 1 }, { op: 'append', key: 'k', value: 2, max: 1 })).toEqual({ k: [2] })
  })

  test('the patch of an append to a long array is short', () => {
    const draft = new Draft(sized({ k: Array.from({ length: 1000 }, (_, i) => i) }))
    draft.apply({ op: 'append', key: 'k', value: 'new', max: 1000 })
    expect(draft.patch).toEqual([
      { op: 'add', path: '/metadata/k/-', value: 'new' },
      { op: 'remove', path: '/metadata/k/0' },
    ])
  })

  test.each([0, -1, 1.5])('max %d is refused', (max) => {
    expect(refusal({}, { op: 'append', key: 'k', value: 1, max })?.message).toMatch(/whole number from 1/)
  })
})

describe('remove', () => {
  test('takes every deep-equal element, whatever the order of members', () => {
    const k = [{ a: 1, b: [2] }, 1, { b: [2], a: 1 }, '1']
    expect(done({ k }, { op: 'remove', key: 'k', value: { b: [2], a: 1 } })).toEqual({ k: [1, '1'] })
  })
  test.each<[string, JsonObject]>([
    ['what is not an array', { k: 1 }],
    ['an array without an equal element', { k: [2, '1', [1]] }],
    ['what is missing', {}],
  ])('changes nothing on %s', (_, document) => {
    expect(refusal(document, { op: 'remove', key: 'k', value: 1 })).toBeUndefined()
  })
})

describe('increment', () => {
  test.each<[string, JsonObject]>([
    ['missing', {}],
    ['a string', { k: '7' }],
    ['null', { k: null }],
    ['an object', { k: { n: 1 } }],
  ])('of a key that is %s counts from 0', (_, document) => {
    expect(done(document, { op: 'increment', key: 'k', by: 2 })).toEqual({ k: 2 })
  })
  test('counts down', () => {
    expect(done({ k: 1 }, { op: 'increment', key: 'k', by: -3 })).toEqual({ k: -2 })
  })
  test('rounds a sum with a fraction to 15 significant digits', () => {
    expect(done({ k: 0.5 }, { op: 'increment', key: 'k', by: -0.4 })).toEqual({ k: 0.1 })
    expect(done({ k: 0.1 }, { op: 'increment', key: 'k', by: 0.2 })).toEqual({ k: 0.3 })
  })
  test('keeps whole numbers exact', () => {
    expect(done({ k: Number.MAX_SAFE_INTEGER - 1 }, { op: 'increment', key: 'k', by: 1 })).toEqual({ k: Number.MAX_SAFE_INTEGER })
  })
  test('refuses a sum that is not finite', () => {
    expect(refusal({ k: Number.MAX_VALUE }, { op: 'increment', key: 'k', by: Number.MAX_VALUE })?.message).toMatch(/not finite/)
    expect(refusal({}, { op: 'increment', key: 'k', by: Number.NaN })?.type).toBe('invalid_value')
  })
})

describe('paths', () => {
  test('missing parents are made: objects for names, arrays for indexes', () => {
    expect(done({}, { op: 'set', key: '$.a.b.c', value: 1 })).toEqual({ a: { b: { c: 1 } } })
    expect(done({}, { op: 'set', key: '$.a[0].b', value: 1 })).toEqual({ a: [{ b: 1 }] })
    expect(done({}, { op: 'append', key: '$.a.b', value: 1 })).toEqual({ a: { b: [1] } })
    expect(done({}, { op: 'increment', key: '$.a["b c"]', by: 1 })).toEqual({ a: { 'b c': 1 } })
  })
  test('a key without $. is one literal name', () => {
    expect(done({}, { op: 'set', key: 'a.b', value: 1 })).toEqual({ 'a.b': 1 })
    expect(done({ a: { b: 1 } }, { op: 'delete', key: 'a.b' })).toEqual({ a: { b: 1 } })
  })
  test('a scalar on the way is refused, and the error names the path', () => {
    expect(refusal({ a: 1 }, { op: 'set', key: '$.a.b', value: 1 })?.message).toContain('$.a.b: $.a is a number')
    expect(refusal({ a: null }, { op: 'set', key: '$.a.b', value: 1 })?.message).toContain('$.a is null')
    expect(refusal({ a: [] }, { op: 'set', key: '$.a.b', value: 1 })?.message).toContain('$.a is an array')
    expect(refusal({ a: {} }, { op: 'set', key: '$.a[0]', value: 1 })?.message).toContain('$.a is an object')
  })
  test('an index may be the length of its array, and not beyond', () => {
    expect(done({ a: [1] }, { op: 'set', key: '$.a[1]', value: 2 })).toEqual({ a: [1, 2] })
    expect(refusal({ a: [1] }, { op: 'set', key: '$.a[2]', value: 2 })?.message).toMatch(/beyond the length/)
    expect(refusal({}, { op: 'set', key: '$.a[1]', value: 2 })?.message).toMatch(/beyond the length/)
  })
  test('delete of $.a.b deletes, an element of an array too', () => {
    expect(done({ a: { b: 1, c: 2 } }, { op: 'delete', key: '$.a.b' })).toEqual({ a: { c: 2 } })
    expect(done({ a: [1, 2, 3] }, { op: 'delete', key: '$.a[1]' })).toEqual({ a: [1, 3] })
    expect(refusal({}, { op: 'delete', key: '$.a.b' })).toBeUndefined()
  })
  test('64 levels are kept, 65 are refused', () => {
    const nest = (levels: number): Json => {
      let value: Json = 0
      for (let i = 0; i < levels; i++) value = [value]
      return value
    }
    done({}, { op: 'set', key: 'k', value: nest(63) })
    expect(refusal({}, { op: 'set', key: 'k', value: nest(64) })?.message).toMatch(/deeper than 64/)
    expect(refusal({ k: [1] }, { op: 'append', key: 'k', value: nest(63) })?.message).toMatch(/deeper than 64/)
    expect(refusal({}, { op: 'set', key: '$.a.b', value: nest(63) })?.message).toMatch(/deeper than 64/)
  })
})

describe('set and replace', () => {
  test('of an equal value change nothing', () => {
    expect(refusal({ k: { a: 1, b: 2 } }, { op: 'set', key: 'k', value: { b: 2, a: 1 } })).toBeUndefined()
    expect(refusal({ k: 1 }, { op: 'replace', value: { k: 1 } })).toBeUndefined()
  })
  test('replace puts another document in its place', () => {
    const draft = new Draft(sized({ k: 1 }))
    draft.apply({ op: 'replace', value: { other: true } })
    expect(draft.result.document).toEqual({ other: true })
    expect(draft.patch).toEqual([{ op: 'replace', path: '/metadata', value: { other: true } }])
  })
})

describe('the limit', () => {
  test('a result over it is refused with the size, the limit and the key; the old value stays', () => {
    const error = refusal({ k: 'old' }, { op: 'set', key: 'k', value: 'x'.repeat(100) }, 50)
    expect(error?.toJSON()).toMatchObject({ type: 'metadata_too_large', key: 'k', size: 108, limit: 50 })
  })
  test('is in bytes of UTF-8, and exact', () => {
    const fits = { k: 'é'.repeat((MAX_METADATA_BYTES - 8) / 2) }
    expect(done({}, { op: 'replace', value: fits })).toBe(fits)
    expect(refusal({}, { op: 'replace', value: { k: `${fits.k}x` } })?.toJSON()).toMatchObject({ size: MAX_METADATA_BYTES + 1 })
  })
  test('the rest of the operations still applies', () => {
    const draft = new Draft(sized({}), 20)
    expect(draft.apply({ op: 'set', key: 'a', value: 'x'.repeat(40) })?.type).toBe('metadata_too_large')
    expect(draft.apply({ op: 'set', key: 'b', value: 1 })).toBeUndefined()
    expect(draft.result.document).toEqual({ b: 1 })
  })
})

test('each container is copied at most once per draft', () => {
  const draft = new Draft(sized({ list: [] }))
  draft.apply({ op: 'append', key: 'list', value: 0 })
  const copied = draft.result.document['list']
  for (let i = 1; i < 100; i++) draft.apply({ op: 'append', key: 'list', value: i })
  expect(draft.result.document['list']).toBe(copied)
})

test('what becomes an element of a new list is in the patch as it was then', () => {
  const base = { a: { l: [1] } }
  const draft = new Draft(sized(base))
  for (const one of [
    { op: 'append', key: '$.a.l', value: 2 },
    { op: 'append', key: 'a', value: 'v' },
    { op: 'append', key: '$.a[0].l', value: 3 },
  ] as const)
    expect(draft.apply(one)).toBeUndefined()
  expect(draft.result.document).toEqual({ a: [{ l: [1, 2, 3] }, 'v'] })
  expect(applyPatch({ metadata: base }, draft.patch)).toEqual({ metadata: draft.result.document })
})
