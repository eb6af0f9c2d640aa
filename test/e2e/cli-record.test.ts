// `runfeed record`: what it writes is played by createScriptedFeed, and shows the same states at the same moments.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Json, Run } from 'runfeed'
import { logger, metadata, task } from 'runfeed/task'
import { createScriptedFeed, SCRIPT_EPOCH, type Script } from 'runfeed/testing'
import { expect, test, vi } from 'vitest'
import { folder, jsonLines, run } from '../cli/command.ts'
import { gate } from '../support/gate.ts'
import { startServer, type TestServer } from '../support/server.ts'

type Said = readonly ['set' | 'append' | 'del' | 'flush' | 'replace' | 'log' | 'stream', string, Json]

/** Says what its payload says, in order. */
const say = task({
  id: 'say',
  retry: { maxAttempts: 2, minTimeout: 0 },
  run: async (said: readonly Said[], { ctx }) => {
    for (const [what, key, value] of said) {
      if (what === 'flush') await metadata.flush()
      else if (what === 'del') metadata.del(key)
      else if (what === 'append') metadata.append(key, value)
      else if (what === 'replace') metadata.replace({ [key]: value })
      else if (what === 'log') logger.info(key, { value })
      else if (what === 'stream') for await (const _chunk of await metadata.stream(key, chunksOf(value)));
      else metadata.set(key, value)
    }
    await metadata.flush()
    if (said.length % 3 === 1 && ctx.run.attempt === 1) throw new Error('once more')
    if (said.length % 3 === 2) throw new Error('never')
    return said.length
  },
})
async function* chunksOf(value: Json): AsyncGenerator<Json> {
  yield value
  yield 'and more'
}

const value = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 }), fc.constant({ deep: { er: 1 } }))
const key = fc.constantFrom('a', 'b', 'c d', 'progress')
const saids = fc.array(
  fc.tuple(
    fc.constantFrom('set', 'append', 'del', 'flush', 'flush', 'replace', 'log', 'stream'),
    key.map((one) => one.replace(' ', '')),
    value,
  ),
  { maxLength: 12 },
)

/** The run at every version, as the server has it, with its times moved to where scripts begin. */
async function versionsOf(server: TestServer, id: string, begin: number): Promise<readonly Run[]> {
  const last = await server.run(id)
  const move = (time: number | null): number | null => (time === null ? null : time - begin + SCRIPT_EPOCH)
  const runs: Run[] = []
  for (let version = 1; version <= last.version; version++) {
    const then = (await (await server.get(`/v1/runs/${id}/history/${version}`)).json()) as Run
    const times = ['createdAt', 'startedAt', 'finishedAt', 'cancelRequestedAt', 'updatedAt'] as const
    runs.push({ ...then, ...(Object.fromEntries(times.map((name) => [name, move(then[name])])) as object) })
  }
  return runs
}

/** What a client of the script sees of a run at each of these moments, in order. */
async function played(script: Script, id: string, expected: readonly Run[]): Promise<void> {
  const feed = createScriptedFeed({ script, at: -1 })
  const source = feed.client.getSnapshot().run(id)
  const stop = source.subscribe(() => {})
  const moments = new Map(expected.map((one) => [one.updatedAt - SCRIPT_EPOCH, one]))
  for (const [at, wanted] of moments) {
    feed.at(at)
    await vi.waitFor(() => expect(source.getSnapshot().run).toEqual(wanted), { timeout: 20_000 })
  }
  stop()
}

test('what was recorded shows every version at its moment, the same streams, and the same end', async () => {
  const server = await startServer({ tasks: [say] })
  const ids: string[] = []
  for (const said of fc.sample(saids, { numRuns: 12, seed: 20_260 })) {
    ids.push(await server.trigger('say', said))
    await server.ended(ids.at(-1) as string)
  }
  const file = join(await folder(), 'runs.json')
  const { code, stdout, stderr } = await run(['record', ...ids, '--out', file, '--url', server.url])
  expect([code, stderr]).toEqual([0, ''])
  const script = JSON.parse(await readFile(file, 'utf8')) as Script
  expect(stdout).toMatch(new RegExp(`^.*runs\\.json: ${script.length} steps in `))
  const begin = Math.min(...(await Promise.all(ids.map(async (id) => await server.run(id)))).map(({ createdAt }) => createdAt))
  let streams = 0
  for (const id of ids) {
    const versions = await versionsOf(server, id, begin)
    await played(script, id, versions)
    const feed = createScriptedFeed({ script })
    feed.at(feed.duration)
    const client = feed.client.getSnapshot()
    for (const stream of Object.keys(versions.at(-1)?.streams ?? {})) {
      streams++
      const recorded = (await (await server.get(`/v1/runs/${id}/chunks/${stream}?index=0&maxBytes=1000000`)).json()) as {
        readonly start: number
        readonly chunks: readonly Json[]
      }
      const source = client.stream(id, stream)
      const stop = source.subscribe(() => {})
      await vi.waitFor(() => expect([...source.getSnapshot().log]).toEqual(recorded.chunks.slice(recorded.start)), { timeout: 20_000 })
      await vi.waitFor(() => expect(source.getSnapshot().state).toBe(versions.at(-1)?.streams[stream]?.state), { timeout: 20_000 })
      stop()
    }
    const source = client.run(id)
    const stop = source.subscribe(() => {})
    await vi.waitFor(() => expect(source.getSnapshot().end).toMatchObject({ settled: true }), { timeout: 20_000 })
    stop()
  }
  expect(streams).toBeGreaterThan(3)
})

test('is TypeScript that imports the type, on stdout or in a file, and JSON with --json', async () => {
  const server = await startServer({ tasks: [say] })
  const id = await server.trigger('say', [['set', 'a', 1]])
  await server.ended(id)
  const { code, stdout } = await run(['record', id, '--url', server.url])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^import type \{ Script \} from 'runfeed\/testing'\n\nexport const script: Script = \[\n {2}\{"at":0,/)
  const file = join(await folder(), 'script.ts')
  const written = await run(['record', id, '--out', file, '--json', '--url', server.url])
  expect(jsonLines(written.stdout)).toEqual([{ file, runs: [id], steps: expect.any(Number) as number, duration: expect.any(Number) as number }])
  expect(await readFile(file, 'utf8')).toBe(stdout)
  const { script } = (await import(file)) as { readonly script: Script }
  expect(JSON.parse((await run(['record', id, '--json', '--url', server.url])).stdout)).toEqual(script)
})

test('writes over nothing unless it is told to, and leaves nothing behind where it cannot write', async () => {
  const server = await startServer({ tasks: [say] })
  const id = await server.trigger('say', [])
  await server.ended(id)
  const file = join(await folder(), 'kept.json')
  await writeFile(file, 'mine')
  const refused = await run(['record', id, '--out', file, '--url', server.url])
  expect([refused.code, refused.stderr]).toEqual([2, `✗ ${file} is there already; name another file, or say --force\n`])
  expect(await readFile(file, 'utf8')).toBe('mine')
  expect((await run(['record', id, '--out', file, '--force', '--url', server.url])).code).toBe(0)
  expect(JSON.parse(await readFile(file, 'utf8'))).toHaveLength(3)
  const nowhere = await run(['record', id, '--out', join(file, 'below.json'), '--url', server.url])
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/^✗ the script could not be written: /)])
})

test('of a run that goes on it is what there is', async () => {
  const held = gate()
  const hold = task({
    id: 'hold',
    run: async () => {
      logger.info('here')
      metadata.set('half', true)
      await held.opened
    },
  })
  const server = await startServer({ tasks: [hold] })
  const id = await server.trigger('hold')
  await vi.waitFor(async () => expect((await server.run(id)).metadata).toEqual({ half: true }), { timeout: 20_000 })
  const { code, stdout, stderr } = await run(['record', id, '--url', server.url])
  held.open()
  expect([code, stderr]).toEqual([0, `${id} is EXECUTING: the script ends there\n`])
  expect(stdout).toContain('"metadata":{"half":true}')
  expect(stdout).toContain('"message":"here"')
})
