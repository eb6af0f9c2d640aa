import { beforeEach, describe, expect, test } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import type { RunListRequest } from '../../../src/protocol/rest.ts'
import type { Run } from '../../../src/protocol/run.ts'
import type { Open } from '../suite.ts'
import { created } from './given.ts'

export function listSuite(open: Open): void {
  describe('list', () => {
    let engine: RunEngine
    let made: readonly Run[]

    beforeEach(async () => {
      ;({ engine } = await open())
      const [parent] = await engine.record.create([{ task: 'root', payload: null, tags: ['all'] }])
      const parentId = parent?.id as string
      const children = await engine.record.create([
        { task: 'a', payload: 1, parentId, tags: ['all', 'odd'] },
        { task: 'a', payload: 2, parentId, tags: ['all'] },
        { task: 'b', payload: 3, parentId, tags: ['all', 'odd'] },
        { task: 'a', payload: 4, tags: ['odd'] },
      ])
      made = [parent as Run, ...children]
      await engine.queue.claim({ worker: 'w', tasks: ['a'], max: 1 })
      await engine.record.cancel(made[3]?.id as string)
    })

    const found = async (request: RunListRequest): Promise<number[]> =>
      (await engine.record.list(request)).runs.map((run) => made.findIndex(({ id }) => id === run.id))

    test.each<[RunListRequest, number[]]>([
      [{}, [4, 3, 2, 1, 0]],
      [{ task: 'a' }, [4, 2, 1]],
      [{ tag: 'odd' }, [4, 3, 1]],
      [{ status: ['QUEUED'] }, [4, 2, 0]],
      [{ status: ['EXECUTING', 'CANCELED'] }, [3, 1]],
      [{ status: [] }, []],
      [{ task: 'a', tag: 'odd' }, [4, 1]],
      [{ task: 'a', tag: 'all', status: ['QUEUED'] }, [2]],
      [{ task: 'none' }, []],
      [{ parent: 'run_none' }, []],
    ])('%j', async (request, expected) => {
      expect(await found(request)).toEqual(expected)
    })

    test('by parent and by ids', async () => {
      expect(await found({ parent: made[0]?.id as string })).toEqual([3, 2, 1])
      expect(await found({ ids: [made[0]?.id as string, made[4]?.id as string, 'run_none'] })).toEqual([4, 0])
      expect(await found({ ids: [] })).toEqual([])
    })

    test('gives runs as they are', async () => {
      const { runs } = await engine.record.list({ task: 'b' })
      expect(runs).toEqual([(await engine.record.read(made[3]?.id as string))?.run])
    })

    test.each<RunListRequest>([{}, { tag: 'page' }, { task: 'page' }])('pages through %j neither repeat nor lose a run while others come', async (request) => {
      const ids: string[] = []
      for (let i = 0; i < 7; i++) ids.unshift((await created(engine, { task: 'page', tags: ['page'] })).id)
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await engine.record.list({ ...request, limit: 3, ...(after === undefined ? {} : { after }) })
        expect(page.runs.length).toBeLessThanOrEqual(3)
        seen.push(...page.runs.map((run) => run.id))
        after = page.next
        await created(engine, { task: 'page', tags: ['page'] })
      } while (after !== undefined)
      expect(seen.slice(0, 7)).toEqual(ids)
      expect(new Set(seen).size).toBe(seen.length)
    })

    test('a full last page has no next', async () => {
      const page = await engine.record.list({ limit: 5 })
      expect(page.runs).toHaveLength(5)
      expect(page.next).toBeUndefined()
    })

    test('a page holds 50 where nothing else is said, and 200 at most', async () => {
      await engine.record.create(Array.from({ length: 220 }, () => ({ task: 'many', payload: null })))
      expect((await engine.record.list({})).runs).toHaveLength(50)
      expect((await engine.record.list({ limit: 1000 })).runs).toHaveLength(200)
    })

    test.each([{ limit: 0 }, { limit: 1.5 }, { after: 'nonsense' }])('%j is refused', async (request) => {
      await expect(engine.record.list(request)).rejects.toMatchObject({ type: 'invalid_request' })
    })
  })
}
