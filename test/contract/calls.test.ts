// Calls that read records: typed by a contract and judged as the hooks judge; and what a run was.
import { createRunClient, defineRun } from 'runfeed'
import { task } from 'runfeed/task'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { startServer } from '../support/server.ts'

const contract = defineRun({ id: 'count', payload: z.object({ to: z.number() }), metadata: z.object({ n: z.coerce.bigint() }), output: z.coerce.date() })
const count = task({
  id: 'count',
  run: async ({ to }: { to: number }, { metadata }) => {
    for (let n = 1; n <= to; n++) {
      metadata.set('n', n)
      await metadata.flush()
    }
    return '2030-01-01'
  },
})
const bad = task({ id: 'bad', run: (_: null, { metadata }) => void metadata.set('n', 'many') })

async function setUp(name: string, payload: { to: number } | null = null) {
  const server = await startServer({ tasks: [count, bad] })
  const client = createRunClient({ baseUrl: server.url })
  const { id } = await client.runs.trigger(name, payload)
  await server.ended(id)
  return { client, id }
}

test('retrieve with a contract gives its types and values', async () => {
  const { client, id } = await setUp('count', { to: 3 })
  const run = await client.runs.retrieve(id, { contract })
  expectTypeOf(run.metadata).toEqualTypeOf<{ n: bigint } | undefined>()
  expectTypeOf(run.output).toEqualTypeOf<Date | undefined>()
  expect(run).toMatchObject({ metadata: { n: 3n }, output: new Date('2030-01-01'), payload: { to: 3 } })
  expect(await client.runs.retrieve(id)).toMatchObject({ metadata: { n: 3 }, output: '2030-01-01' })
})

test('what the contract refuses is left out, as in a hook that has seen nothing good', async () => {
  const { client, id } = await setUp('bad')
  expect(await client.runs.retrieve(id, { contract })).toMatchObject({ id, metadata: undefined, status: 'COMPLETED' })
})

test('history comes in pages, oldest first', async () => {
  const { client, id } = await setUp('count', { to: 5 })
  const all = await client.runs.history(id)
  const { version } = await client.runs.retrieve(id)
  // the first version is the run as it was made: no change of anything
  expect(all.versions.map((entry) => entry.version)).toEqual(Array.from({ length: version - 1 }, (_, i) => i + 2))
  const first = await client.runs.history(id, { limit: 2 })
  const second = await client.runs.history(id, { limit: 2, after: first.versions[1]?.version ?? 0 })
  expect([...first.versions, ...second.versions]).toEqual(all.versions.slice(0, 4))
  await expect(client.runs.history('run_nobody')).rejects.toMatchObject({ type: 'not_found' })
})
