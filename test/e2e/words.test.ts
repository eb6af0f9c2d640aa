// Words and separators that no import of a test is long or odd enough to show.
import { expect, test } from 'vitest'
import { delimiterOf } from '../../demo/csv/delimiter.ts'
import { durationText, elapsedText } from '../../demo/duration.ts'

test.each([
  [0, '0.0 s'],
  [59_940, '59.9 s'],
  [59_960, '1 min 0 s'],
  [119_400, '1 min 59 s'],
  [119_600, '2 min 0 s'],
])('%i ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('what goes on has the seconds that are full', () => {
  expect([-5, 999, 59_999, 61_000].map(elapsedText)).toEqual(['0 s', '0 s', '59 s', '1 min 1 s'])
})

test.each([
  ['one\n1;2;3', ','],
  ['a;b', ';'],
  ['a\tb\r\n', '\t'],
  ['a|b|c,d', '|'],
  ['a,b;c', ','],
  ['"a,b,c";d', ';'],
  ['"a ""x,y""\nb,c";d', ';'],
])('%j is separated by %j', (head, delimiter) => {
  expect(delimiterOf(head)).toBe(delimiter)
})
