import fc from 'fast-check'
import spec from 'json-patch-test-suite/spec_tests.json' with { type: 'json' }
import general from 'json-patch-test-suite/tests.json' with { type: 'json' }
import { describe, expect, test } from 'vitest'
import { InvalidOperationError } from '../../src/protocol/errors.ts'
import type { Json } from '../../src/protocol/json.ts'
import { applyPatch, coalescePatch, type Patch } from '../../src/protocol/patch.ts'
import { Owned } from '../../src/store/owned.ts'
import { deepFreeze } from './arbitraries.ts'

interface Case {
  readonly comment?: string
  readonly doc: Json
  readonly patch?: readonly { readonly op: string }[]
  readonly expected?: Json
  readonly error?: string
  readonly disabled?: boolean
}

// the operations that the protocol has; `test`, `move` and `copy` are not among them
const ours = new Set(['add', 'remove', 'replace'])
const cases = ([...general, ...spec] as unknown as readonly Case[]).filter(
  ({ patch, disabled }) => patch !== undefined && disabled !== true && patch.every(({ op }) => ours.has(op)),
)

describe('the public JSON Patch collection', () => {
  test('has cases of both kinds', () => {
    expect(cases.filter(({ error }) => error === undefined).length).toBeGreaterThan(40)
    expect(cases.filter(({ error }) => error !== undefined).length).toBeGreaterThan(10)
  })
  const apply = ({ doc, patch }: Case): Json => applyPatch(deepFreeze(doc), deepFreeze(patch as unknown as Patch))
  const named = (list: readonly Case[]): [string, Case][] => list.map((one) => [`${one.comment ?? ''} ${JSON.stringify(one.patch)}`, one])

  test.each(named(cases.filter(({ error }) => error === undefined)))('%s', (_, one) => {
    expect(apply(one)).toEqual(one.expected ?? one.doc)
  })
  test.each(named(cases.filter(({ error }) => error !== undefined)))('refuses %s', (_, one) => {
    expect(() => apply(one)).toThrow(InvalidOperationError)
  })
})

describe('applyPatch', () => {
  test.each(['test', 'move', 'copy', 'merge'])('refuses %s, so that a reader resyncs and does not drift', (op) => {
    const patch = [{ op, path: '/a', from: '/b', value: 1 }] as unknown as Patch
    expect(() => applyPatch({ a: 1, b: 2 }, patch)).toThrow(op)
    expect(() => applyPatch([1, 2], [{ op, path: '/0', from: '/1', value: 1 }] as unknown as Patch)).toThrow(op)
  })
  test('refuses names that would reach a prototype', () => {
    expect(() => applyPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }])).toThrow(/refused/)
    expect(() => applyPatch({}, [{ op: 'add', path: '/__proto__/polluted', value: true }])).toThrow(/there is no/)
    expect(() => applyPatch({}, [{ op: 'add', path: '/constructor/prototype/polluted', value: true }])).toThrow(/there is no/)
  })
  test('keeps the identity of what it does not touch', () => {
    const before = { changed: { deep: [1] }, same: { deep: [1] } }
    const after = applyPatch(before, [{ op: 'add', path: '/changed/deep/-', value: 2 }]) as typeof before
    expect(after.same).toBe(before.same)
    expect(after.changed).not.toBe(before.changed)
    expect(before).toEqual({ changed: { deep: [1] }, same: { deep: [1] } })
  })
  test('copies a container once for one set of owned ones, and never what came as a value', () => {
    const owned = new Set<object>()
    const value = deepFreeze({ list: [1] })
    const first = applyPatch({}, [{ op: 'add', path: '/a', value }], owned)
    const second = applyPatch(first, [{ op: 'add', path: '/a/list/-', value: 2 }], owned)
    expect(second).toBe(first)
    expect(second).toEqual({ a: { list: [1, 2] } })
    expect(value).toEqual({ list: [1] })
  })

  const value = fc.constantFrom<Json>(1, [], [[1], { a: 1 }], { a: [1] }, { a: { a: 1, b: [] }, b: [1] })
  const step = fc.record({
    op: fc.constantFrom('add', 'replace', 'remove'),
    way: fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
    isNew: fc.boolean(),
    value,
  })
  /** The operation, at a place that the document has: so that operations meet, at one place, above and below each other, beside what moves. */
  function operationIn(document: Json, { op, way, isNew, value }: typeof step extends fc.Arbitrary<infer S> ? S : never): Patch[number] {
    let [place, path]: [Json | undefined, string] = [document, '']
    for (const at of way) {
      if (typeof place !== 'object' || place === null || Object.keys(place).length === 0) break
      const names = Object.keys(place)
      const name = names[at % names.length] as string
      place = (place as { readonly [name: string]: Json })[name]
      path += `/${name}`
    }
    if (op === 'add' && isNew && typeof place === 'object' && place !== null) path += Array.isArray(place) ? '/-' : `/new${place === document}`
    return (op !== 'remove' ? { op, path, value } : path === '' ? { op: 'replace', path, value } : { op, path }) as Patch[number]
  }
  test('does in one go what it does one operation at a time, with owned containers or without', () => {
    const begin = deepFreeze({ a: { a: [{ a: [1] }, { a: {} }], b: [[1, 2], [{ a: 1 }]] }, b: [[{ a: 1 }, []], { a: [1, { b: 2 }] }] })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const patch: Patch[number][] = []
        let expected: Json = begin
        for (const one of deepFreeze(steps)) {
          const operation = operationIn(expected, one)
          expected = deepFreeze(applyPatch(expected, [operation]))
          patch.push(operation)
        }
        expect(applyPatch(begin, patch)).toEqual(expected)
        const owned = new Owned()
        let inPlace: Json = begin
        for (let at = 0; at < patch.length; at += 3) inPlace = applyPatch(inPlace, patch.slice(at, at + 3), owned)
        expect(inPlace).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})

describe('coalescePatch', () => {
  const set = (path: string, value: Json): Patch[number] => ({ op: 'replace', path, value })

  test('of many settings of one path keeps the last', () => {
    expect(coalescePatch([set('/n', 1), set('/m', 1), set('/n', 2), set('/n', 3)])).toEqual([set('/m', 1), set('/n', 3)])
  })
  test('drops what a later setting of an ancestor covers', () => {
    expect(coalescePatch([set('/a/b', 1), { op: 'remove', path: '/a/c' }, { op: 'add', path: '/a/d/-', value: 1 }, set('/a', {})])).toEqual([set('/a', {})])
  })
  test('keeps the add that makes a later replace valid', () => {
    const patch: Patch = [{ op: 'add', path: '/a', value: 1 }, set('/a', 2)]
    expect(coalescePatch(patch)).toEqual(patch)
  })
  test('drops what an ancestor covers, though the very path is set later still', () => {
    const patch: Patch = [set('/m', { x: 1 }), { op: 'remove', path: '/m/x' }, set('/m', {}), { op: 'add', path: '/m/x', value: 2 }]
    expect(coalescePatch(patch)).toEqual([set('/m', {}), { op: 'add', path: '/m/x', value: 2 }])
  })
  test('keeps what is set before elements move, because the path means another place after', () => {
    const patch: Patch = [set('/l/0', 'x'), { op: 'remove', path: '/l/0' }, set('/l/0', 'y')]
    expect(coalescePatch(patch)).toEqual(patch)
  })
})
