import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseKey, parsePointer, toPointer } from '../../src/protocol/path.ts'

describe('parseKey', () => {
  test.each<[string, (string | number)[]]>([
    ['a', ['a']],
    ['a.b', ['a.b']],
    ['a[0]', ['a[0]']],
    ['', ['']],
    ['$', ['$']],
    ['$a', ['$a']],
    ['$.a', ['a']],
    ['$.a.b', ['a', 'b']],
    ['$.a b.c-d', ['a b', 'c-d']],
    ['$.list[0]', ['list', 0]],
    ['$.list[12][3].x', ['list', 12, 3, 'x']],
    ['$["quoted name"].x', ['quoted name', 'x']],
    ['$.a["with \\"quotes\\" and [0]"]', ['a', 'with "quotes" and [0]']],
    ['$.a["*"]', ['a', '*']],
    ['$.0', ['0']],
  ])('%s', (key, path) => {
    expect(parseKey(key)).toEqual(path)
  })

  test.each<[string, RegExp]>([
    ['$.a.*', /wildcards/],
    ['$.a[*].b', /wildcards/],
    ['$.*', /wildcards/],
    ['$.', /not a path at position 1/],
    ['$..a', /not a path/],
    ['$.a.', /not a path at position 3/],
    ['$.a[', /not a path/],
    ['$.a[-1]', /not a path/],
    ['$.a[1.5]', /not a path/],
    ['$.a["b]', /not a path/],
    ['$.a["\\x"]', /no quoted name/],
    ['$[0]', /begins with a name/],
    ['__proto__', /"__proto__" is refused/],
    ['$.a.constructor', /"constructor" is refused/],
    ['$.a["prototype"].x', /"prototype" is refused/],
    [`$${'.a'.repeat(65)}`, /deeper than 64/],
  ])('refuses %s', (key, message) => {
    expect(() => parseKey(key)).toThrow(message)
  })

  test('any name can be quoted', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text))
    fc.assert(
      fc.property(name, (text) => {
        expect(parseKey(`$.a[${JSON.stringify(text)}]`)).toEqual(['a', text])
      }),
    )
  })
})

describe('pointers', () => {
  // RFC 6901, section 5
  test.each<[string, string[]]>([
    ['', []],
    ['/foo', ['foo']],
    ['/foo/0', ['foo', '0']],
    ['/', ['']],
    ['/a~1b', ['a/b']],
    ['/c%d', ['c%d']],
    ['/e^f', ['e^f']],
    ['/g|h', ['g|h']],
    ['/i\\j', ['i\\j']],
    ['/k"l', ['k"l']],
    ['/ ', [' ']],
    ['/m~0n', ['m~n']],
    ['/~01', ['~1']],
  ])('%s', (pointer, tokens) => {
    expect(parsePointer(pointer)).toEqual(tokens)
    expect(toPointer(tokens)).toBe(pointer)
  })
  test.each(['foo', 'foo/bar', '/~', '/~2', '/a~'])('%s is none', (pointer) => {
    expect(() => parsePointer(pointer)).toThrow(/not a JSON pointer/)
  })
  test('whatever the names, a pointer says them', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (names) => {
        expect(parsePointer(toPointer(names))).toEqual(names)
      }),
    )
  })
})
