// `parseMetadata` and `parseRun` judge as the hooks do.
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod3'
import { defineRun } from '../../src/contract/define-run.ts'
import { parseMetadata, parseRun } from '../../src/contract/parse.ts'
import { scriptedRun } from '../../src/testing/scripted-run.ts'

const AT = '2030-01-01T00:00:00.000Z'

describe('parseMetadata', () => {
  test.each([
    ['zod 4', z.object({ n: z.number(), at: z.coerce.date(), done: z.number().default(0) })],
    ['zod 3', z3.object({ n: z3.number(), at: z3.coerce.date(), done: z3.number().default(0) })],
    [
      'valibot',
      v.object({
        n: v.number(),
        at: v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
        done: v.optional(v.number(), 0),
      }),
    ],
    ['arktype', type({ n: 'number', at: 'string.date.iso.parse', done: 'number = 0' })],
  ])('%s: defaults and coercions are applied, and a refusal names its path', (_name, metadata) => {
    const contract = defineRun({ id: 'c', metadata })
    expect(parseMetadata(contract, { n: 1, at: AT })).toEqual({ isValid: true, metadata: { n: 1, at: new Date(AT), done: 0 }, issues: [] })
    const bad = parseMetadata(metadata, { n: 'one', at: AT })
    expect(bad).toMatchObject({ isValid: false, metadata: undefined, issues: [{ path: ['n'] }] })
  })

  test('one schema per key: the good keys are there, a refused one has its default', () => {
    const shape = { n: z.number(), done: z.number().default(0), metadata: z.string().optional() }
    expect(parseMetadata(shape, { n: 1, done: 'all', metadata: 'x' })).toMatchObject({
      isValid: false,
      metadata: { n: 1, done: 0, metadata: 'x' },
      issues: [{ path: ['done'] }],
    })
    expect(parseMetadata({ id: 'c', metadata: shape }, {})).toEqual({ isValid: true, metadata: { done: 0, metadata: undefined }, issues: [] })
    // a key may be called as a contract's fields are
    expect(parseMetadata({ id: z.number(), metadata: z.number() }, { id: 1, metadata: 2 })).toMatchObject({ isValid: true, metadata: { id: 1, metadata: 2 } })
  })

  test('an asynchronous schema is refused by name', () => {
    expect(() => parseMetadata(z.object({ n: z.number().refine(async () => true) }), { n: 1 })).toThrow(expect.objectContaining({ type: 'async_schema' }))
  })
})

test('parseRun parses metadata and output, and names what it refuses from the record', () => {
  const contract = defineRun({ id: 'c', metadata: z.object({ at: z.coerce.date() }), output: z.object({ n: z.number() }) })
  const good = parseRun(contract, scriptedRun({ metadata: { at: AT }, output: { n: 1 }, payload: 'as stored' }))
  expect(good).toMatchObject({ run: { metadata: { at: new Date(AT) }, output: { n: 1 }, payload: 'as stored' }, issues: [] })
  const bad = parseRun(contract, scriptedRun({ metadata: { at: 'soon' }, output: 'many' }))
  expect(bad).toMatchObject({ run: { metadata: undefined, output: undefined }, issues: [{ path: ['metadata', 'at'] }, { path: ['output'] }] })
  // no output yet is no mistake
  expect(parseRun(contract, scriptedRun({ metadata: { at: AT } })).issues).toEqual([])
})
