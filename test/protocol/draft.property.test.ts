// What must hold for any operations on any document.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Draft, type SizedDocument, sized } from '../../src/protocol/draft.ts'
import { type Json, type JsonObject, jsonBytes } from '../../src/protocol/json.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { applyPatch, coalescePatch, type Patch } from '../../src/protocol/patch.ts'
import { deepFreeze, document, operation } from './arbitraries.ts'

const operations = fc.array(operation, { maxLength: 12 })
const runs = { numRuns: 2000 }

function drafted(base: SizedDocument, list: readonly Operation[], limit?: number): Draft {
  const draft = new Draft(base, limit)
  for (const one of list) draft.apply(one)
  return draft
}

const patched = (base: JsonObject, patch: Patch): Json => (applyPatch({ metadata: base }, patch) as JsonObject)['metadata'] as Json

test('the patch, applied to the old document, gives the new one', () => {
  fc.assert(
    fc.property(document, operations, (base, list) => {
      const draft = drafted(sized(base), list)
      expect(patched(base, draft.patch)).toEqual(draft.result.document)
    }),
    runs,
  )
})

test('the coalesced patch does the same, and is not longer', () => {
  fc.assert(
    fc.property(document, operations, (base, list) => {
      const draft = drafted(sized(base), list)
      const coalesced = coalescePatch(draft.patch)
      expect(coalesced.length).toBeLessThanOrEqual(draft.patch.length)
      expect(patched(base, coalesced)).toEqual(draft.result.document)
    }),
    runs,
  )
})

test('patches of several versions, concatenated and coalesced, do the same', () => {
  fc.assert(
    fc.property(document, fc.array(operations, { maxLength: 4 }), (base, versions) => {
      let current = sized(base)
      const patches: Patch[] = []
      for (const list of versions) {
        const draft = drafted(current, list)
        patches.push(coalescePatch(draft.patch))
        current = draft.result
      }
      expect(patched(base, coalescePatch(patches.flat()))).toEqual(current.document)
    }),
    runs,
  )
})

test('the size is that of the JSON', () => {
  fc.assert(
    fc.property(document, operations, (base, list) => {
      const { bytes, document: result } = drafted(sized(base), list).result
      expect(bytes).toBe(jsonBytes(result))
    }),
    runs,
  )
})

test('a refused operation leaves document, size and patch as they were', () => {
  fc.assert(
    fc.property(document, operations, operation, fc.integer({ min: 2, max: 120 }), (base, before, last, limit) => {
      const draft = drafted(sized(base), before, limit)
      const said = JSON.stringify([draft.result, draft.patch])
      fc.pre(draft.apply(last) !== undefined)
      expect(JSON.stringify([draft.result, draft.patch])).toBe(said)
    }),
    runs,
  )
})

test('what makes no patch makes no change', () => {
  fc.assert(
    fc.property(document, operation, (base, one) => {
      const draft = drafted(sized(base), [one])
      fc.pre(draft.patch.length === 0)
      expect(draft.result.document).toBe(base)
    }),
    runs,
  )
})

test('neither the base nor a value nor an earlier result is ever changed', () => {
  fc.assert(
    fc.property(document, fc.array(operations, { maxLength: 4 }), (base, versions) => {
      const said = JSON.stringify([base, versions])
      let current = sized(deepFreeze(base))
      for (const list of versions) current = deepFreeze(drafted(current, deepFreeze(list)).result)
      expect(JSON.stringify([base, versions])).toBe(said)
    }),
    runs,
  )
})

test('a limit that was lowered below the size still lets the document shrink', () => {
  fc.assert(
    fc.property(document, operations, (base, list) => {
      const start = sized(base)
      expect(drafted(start, list, 10).result.bytes).toBeLessThanOrEqual(Math.max(10, start.bytes))
    }),
    runs,
  )
})
