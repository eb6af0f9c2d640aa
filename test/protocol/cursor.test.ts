import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCursor, newTag, parseCursor, START } from '../../src/protocol/cursor.ts'

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

test('tags differ, mostly', () => {
  expect(new Set(Array.from({ length: 100 }, newTag)).size).toBeGreaterThan(95)
})
