// Views of one growing array.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changedFrom } from '../../src/store/snapshot.ts'
import { GrowingLog } from '../../src/store/growing-log.ts'

test('a view stays what it was while the log grows', () => {
  const first = GrowingLog.at<string>(2).append(2, ['c', 'd'])
  const second = first.append(4, ['e'])
  expect([first.firstIndex, first.length, ...first]).toEqual([2, 4, 'c', 'd'])
  expect([...second]).toEqual(['c', 'd', 'e'])
  expect([first.at(1), first.at(2), first.at(4), second.at(4)]).toEqual([undefined, 'c', undefined, 'e'])
  expect([second.slice(), second.slice(3), second.slice(-5, 3), second.slice(4, 99), second.slice(9)]).toEqual([['c', 'd', 'e'], ['d', 'e'], ['c'], ['e'], []])
})

test('overlap is skipped, a hole is not taken, and what brings nothing is the same view', () => {
  const log = GrowingLog.at<number>(0).append(0, [0, 1, 2])
  expect([...log.append(1, [1, 2, 3])]).toEqual([0, 1, 2, 3])
  expect(log.append(4, [4])).toBe(log)
  expect(log.append(0, [0, 1])).toBe(log)
  expect(log.append(3, [])).toBe(log)
})

test('a log that was cut short goes on without touching the views that were not', () => {
  const long = GrowingLog.at<string>(0).append(0, ['a', 'b', 'lost'])
  const next = long.upTo(2).append(2, ['c'])
  expect([...long]).toEqual(['a', 'b', 'lost'])
  expect([...next]).toEqual(['a', 'b', 'c'])
  expect([...long.append(3, ['d'])]).toEqual(['a', 'b', 'lost', 'd'])
})

test('cuts are counted, and tell from where the log holds other chunks', () => {
  const log = GrowingLog.at<string>(0).append(0, ['a', 'b', 'c'])
  const twice = log.upTo(2).append(2, ['x', 'y']).upTo(3).append(3, ['z']).from(1)
  expect(twice.cuts).toEqual([2, 3])
  expect([changedFrom(twice, log.cuts), changedFrom(twice, [2]), changedFrom(twice, twice.cuts)]).toEqual([2, 3, Number.POSITIVE_INFINITY])
  // a shorter one of the same stream counts them too
  expect(GrowingLog.at<string>(0, log.cuts).upTo(2).cuts).toEqual([2])
})

test('a later beginning', () => {
  const log = GrowingLog.at<string>(0).append(0, ['a', 'b'])
  expect([...log.from(1)]).toEqual(['b'])
  expect(log.from(0)).toBe(log)
  const empty = log.from(5)
  expect([empty.firstIndex, empty.length, ...empty, ...empty.slice()]).toEqual([5, 5])
})

test('a million chunks one by one, with a view each', () => {
  let log = GrowingLog.at<number>(0)
  for (let index = 0; index < 1_000_000; index++) log = log.append(index, [index])
  expect(log.length).toBe(1_000_000)
  expect(log.at(999_999)).toBe(999_999)
})

test('is an array by any other name', () => {
  const cut = fc.record({ back: fc.nat(3), add: fc.nat(5) })
  fc.assert(
    fc.property(fc.nat(5), fc.array(cut), (offset, cuts) => {
      let log = GrowingLog.at<number>(offset)
      const model: number[] = []
      let value = 0
      for (const { back, add } of cuts) {
        const keep = Math.max(0, model.length - back)
        log = log.upTo(offset + keep)
        model.length = keep
        const chunks = Array.from({ length: add }, () => value++)
        log = log.append(offset + keep, chunks)
        model.push(...chunks)
        expect(log.slice()).toEqual(model)
        expect(log.length).toBe(offset + model.length)
      }
    }),
  )
})
