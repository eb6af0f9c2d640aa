import type { Run } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, test } from 'vitest'
import type { Json } from '../../src/protocol/json.ts'
import { applyPatch } from '../../src/protocol/patch.ts'
import { startServer, type TestServer } from '../support/server.ts'

interface History {
  readonly oldest: number
  readonly versions: readonly { readonly version: number; readonly at: number; readonly by: string | null; readonly patch: Parameters<typeof applyPatch>[1] }[]
}

const count = task({
  id: 'count',
  run: async (to: number) => {
    for (let n = 1; n <= to; n++) {
      metadata.set('n', n)
      await metadata.flush()
    }
  },
})

const ask = async (server: TestServer, path: string): Promise<{ readonly status: number; readonly body: unknown }> => {
  const response = await server.get(path)
  return { status: response.status, body: await response.json() }
}
const historyOf = async (server: TestServer, id: string, query = ''): Promise<History> => (await ask(server, `/v1/runs/${id}/history${query}`)).body as History

test('the versions of a run lead from each state to the next', async () => {
  const server = await startServer({ tasks: [count] })
  const run = await server.ended(await server.trigger('count', 3))
  const { oldest, versions } = await historyOf(server, run.id)
  expect(oldest).toBe(1)
  expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: run.version - 1 }, (_, i) => i + 2))
  expect(Object.keys(versions[0] as object)).toEqual(['version', 'at', 'by', 'patch'])
  let state = (await ask(server, `/v1/runs/${run.id}/history/1`)).body as Json
  expect(state).toMatchObject({ id: run.id, version: 1, status: 'QUEUED', metadata: {} })
  for (const { version, at, patch } of versions) {
    state = { ...(applyPatch(state, patch) as object), version, updatedAt: at } as Json
    expect((await ask(server, `/v1/runs/${run.id}/history/${version}`)).body).toEqual(state)
  }
  expect(state).toEqual(run)
})

test('they come in pages', async () => {
  const server = await startServer({ tasks: [count] })
  const run = await server.ended(await server.trigger('count', 3))
  expect((await historyOf(server, run.id, '?after=2&limit=2')).versions.map(({ version }) => version)).toEqual([3, 4])
})

test('a version that is no longer kept is gone, and the answer says from where on there are any', async () => {
  const server = await startServer({ tasks: [count], engine: memoryEngine({ logVersions: 4 }) })
  const { id } = await server.ended(await server.trigger('count', 30))
  const { oldest } = await historyOf(server, id)
  expect(oldest).toBeGreaterThan(20)
  expect(await ask(server, `/v1/runs/${id}/history/1`)).toMatchObject({ status: 410, body: { error: { type: 'version_gone', run: id, version: 1, oldest } } })
  expect((await ask(server, `/v1/runs/${id}/history/${oldest}`)).body).toMatchObject({ version: oldest } satisfies Partial<Run>)
})

test.each([
  ['run_none/history', 404, 'not_found'],
  ['run_none/history/1', 404, 'not_found'],
  ['ID/history/0', 404, 'not_found'],
  ['ID/history/last', 404, 'not_found'],
  ['ID/history/999', 404, 'not_found'],
  ['ID/history?limit=0', 400, 'invalid_request'],
  ['ID/history?after=x', 400, 'invalid_request'],
])('%s is %i %s', async (path, status, type) => {
  const server = await startServer({ tasks: [count] })
  const id = await server.trigger('count', 0)
  expect(await ask(server, `/v1/runs/${path.replace('ID', id)}`)).toMatchObject({ status, body: { error: { type } } })
})
