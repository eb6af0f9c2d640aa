// Structural sharing.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareEqual } from '../../src/store/share.ts'

test('what is equal is the old one, as deep as it goes', () => {
  const old = { a: { x: [1, { y: 2 }] }, b: [1, 2], c: Number.NaN }
  expect(shareEqual(old, structuredClone(old))).toBe(old)
  const next = shareEqual(old, { ...structuredClone(old), b: [1, 3] })
  expect(next).toEqual({ a: { x: [1, { y: 2 }] }, b: [1, 3], c: Number.NaN })
  expect(next.a).toBe(old.a)
  expect(next.b).not.toBe(old.b)
})

test('what looks alike is not equal', () => {
  for (const [old, next] of [
    [[1], { 0: 1 }],
    [{ a: undefined }, { b: undefined }],
    [{ a: undefined }, {}],
    [{}, { a: undefined }],
    [[1, 2], [1]],
    [[undefined], []],
    [null, {}],
    [0, -0],
  ])
    expect(shareEqual(old, next)).not.toBe(old)
})

test('only arrays and plain objects are looked into', () => {
  const date = new Date(1)
  expect(shareEqual(new Date(1), date)).toBe(date)
  const map = new Map([[1, { a: 1 }]])
  expect(shareEqual({ map: new Map(map) }, { map }).map).toBe(map)
})

test('the result equals the new value, and neither value is changed', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (old, next) => {
      const before = [structuredClone(old), structuredClone(next)]
      expect(shareEqual(old, next)).toEqual(next)
      expect(shareEqual(next, structuredClone(next))).toBe(next)
      expect([old, next]).toEqual(before)
    }),
  )
})
