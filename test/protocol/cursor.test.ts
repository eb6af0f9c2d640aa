import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cursorNumber, formatCursor, newTag, parseCursor, START } from '../../src/protocol/cursor.ts'

test('a cursor is read as it was written', () => {
  fc.assert(
    fc.property(fc.nat(), (number) => {
      const tag = newTag()
      expect(parseCursor(formatCursor(number, tag))).toEqual({ number, tag })
    }),
  )
})

test('START is one', () => {
  expect(parseCursor(START)).toEqual({ number: 0, tag: '0' })
})

test.each(['', '12', '12.', '.abcd', '-1.abcd', '1.5.abcd', '1.ABCD', '1.ab cd', ` 1.abcd`, '1.abcd\n', '1234567890123456.a', `1.${'a'.repeat(17)}`])(
  '%j is none',
  (text) => {
    expect(parseCursor(text)).toBeUndefined()
  },
)

test('what is a cursor is what the pattern of the protocol takes', () => {
  const near = fc
    .array(fc.constantFrom('0', '9', '12345678', '.', 'a', 'z', 'A', '-', ' ', '\n', 'é', '{', '`', '/', ':'), { maxLength: 8 })
    .map((parts) => parts.join(''))
  const right = fc.tuple(fc.stringMatching(/^\d{1,15}$/), fc.stringMatching(/^[0-9a-z]{1,16}$/)).map(([number, tag]) => `${number}.${tag}`)
  fc.assert(
    fc.property(fc.oneof(near, right, fc.string()), (text) => {
      const match = /^(\d{1,15})\.([0-9a-z]{1,16})$/.exec(text)
      expect(cursorNumber(text)).toBe(match ? Number(match[1]) : Number.NaN)
      expect(parseCursor(text)).toEqual(match ? { number: Number(match[1]), tag: match[2] } : undefined)
    }),
    { numRuns: 2000 },
  )
})

test('tags differ, mostly', () => {
  expect(new Set(Array.from({ length: 100 }, newTag)).size).toBeGreaterThan(95)
})
