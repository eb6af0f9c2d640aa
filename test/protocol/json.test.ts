import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonBytes, jsonDepth, jsonEqual, toJson, utf8Length } from '../../src/protocol/json.ts'
import { deepFreeze, json } from './arbitraries.ts'

class Point {
  readonly x = 1
  toJSON(): unknown {
    return { x: this.x }
  }
}
const circle: { self?: unknown } = {}
circle.self = circle

describe('toJson', () => {
  test('keeps what JSON holds', () => {
    const value = { a: [1, 'x', null, true, { b: [] }] }
    expect(toJson(value)).toEqual(value)
    expect(toJson(value)).not.toBe(value)
  })
  test('drops undefined members; undefined elements are null, as in JSON.stringify', () => {
    expect(toJson({ a: undefined, b: [undefined] })).toEqual({ b: [null] })
  })
  test('-0 is 0', () => {
    expect(Object.is(toJson(-0), 0)).toBe(true)
  })
  test('toJSON is honoured on Date and URL alone', () => {
    expect(toJson([new Date(0), new URL('https://example.org/a')])).toEqual(['1970-01-01T00:00:00.000Z', 'https://example.org/a'])
    expect(() => toJson(new Point())).toThrow(/an instance of Point/)
  })
  test('takes plain objects without a prototype', () => {
    expect(toJson(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 })
  })
  test.each<[string, unknown, string]>([
    ['undefined itself', undefined, '$: undefined cannot be stored; use del()'],
    ['NaN', { a: { b: [0, Number.NaN] } }, '$.a.b[1]: NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, '$: Infinity'],
    ['a function', { f: () => 1 }, '$.f: a function'],
    ['a symbol', Symbol('s'), '$: a symbol'],
    ['a bigint', [1n], '$[0]: a bigint'],
    ['a Map', { m: new Map() }, '$.m: an instance of Map'],
    ['an invalid Date', new Date(Number.NaN), '$: an invalid Date'],
    ['a circle', circle, 'in a circle'],
    ['a forbidden name', { a: { constructor: 1 } }, '$.a.constructor: the name "constructor" is refused'],
    ['__proto__', JSON.parse('{ "__proto__": { "x": 1 } }'), '__proto__'],
  ])('refuses %s and says where', (_, value, message) => {
    expect(() => toJson(value)).toThrow(message)
  })
  test('leaves any JSON as it is', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(toJson(deepFreeze(value))).toEqual(value)
      }),
    )
  })
})

test('utf8Length and jsonBytes count bytes of UTF-8', () => {
  const bytes = (text: string): number => new TextEncoder().encode(text).length
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(utf8Length(text)).toBe(bytes(text))
    }),
  )
  fc.assert(
    fc.property(json, (value) => {
      expect(jsonBytes(value)).toBe(bytes(JSON.stringify(value)))
    }),
  )
})

describe('jsonEqual', () => {
  test('holds for a copy, and only where the JSON is the same but for the order of members', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonEqual(value, JSON.parse(JSON.stringify(value)))).toBe(true)
      }),
    )
  })
  test.each([
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
    [
      [1, 2],
      [2, 1],
    ],
    [[], {}],
    [0, '0'],
    [null, {}],
    [[1], [1, 2]],
  ])('%j is not %j', (a, b) => {
    expect(jsonEqual(a, b)).toBe(false)
    expect(jsonEqual(b, a)).toBe(false)
  })
})

test('jsonDepth counts levels of containers', () => {
  expect([1, {}, [[]], { a: [{ b: 1 }] }].map(jsonDepth)).toEqual([0, 1, 2, 3])
})
