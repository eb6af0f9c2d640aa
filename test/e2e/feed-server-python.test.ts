// The server of docs/recipes/feed-server-python.md, taken from the page and run: our client follows it, also through a connection that breaks.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createRunClient, type Json, type Run } from 'runfeed'
import { expect, onTestFinished, test } from 'vitest'
import { impatient } from '../faults/impatient.ts'
import { faultProxy } from '../faults/proxy.ts'
import { schedule } from '../faults/schedule.ts'
import { seeds } from '../faults/seed.ts'
import { atOnce, watchRun } from '../faults/watch.ts'
import { Follow } from '../feed/follow.ts'
import { HEARTBEAT } from '../support/server.ts'

const PAGE = new URL('../../docs/recipes/feed-server-python.md', import.meta.url)
const files = [...readFileSync(PAGE, 'utf8').matchAll(/^```python file=(\S+)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => ({ name, text }))

/** @throws Error with what installs it */
async function serve(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'runfeed-python-'))
  for (const { name, text } of files) writeFileSync(join(folder, name), text)
  const child = spawn('python3', ['count.py', '0', String(HEARTBEAT / 1000)], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const missing = new Promise<never>((_resolve, reject) => {
    child.once('error', () => reject(new Error('there is no python3: apt-get install -y --no-install-recommends python3-minimal')))
  })
  const line = async (): Promise<string> => {
    for await (const said of createInterface({ input: child.stdout })) return said
    throw new Error('the server of the recipe ended before it said where it is')
  }
  return await Promise.race([line(), missing])
}

const trigger = async (url: string): Promise<string> =>
  ((await (await fetch(`${url}/v1/tasks/count/trigger`, { method: 'POST', body: '{}' })).json()) as { id: string }).id
const words: readonly Json[] = Array.from({ length: 100 }, (_, step) => `word ${step}`)

test('the server of the recipe is a hundred lines', () => {
  expect(files.map(({ name }) => name)).toEqual(['feed_server.py', 'count.py'])
  expect(files[0]?.text.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(100)
})

test.for(seeds(3))('our client follows it to its exact end, also when the connection breaks (seed %i)', async (seed) => {
  const url = await serve()
  const proxy = await faultProxy(url, schedule({ seed, faults: 6, bytes: 4000 }))
  const client = createRunClient({ baseUrl: proxy.url, environment: impatient(), scheduler: atOnce })
  onTestFinished(async () => {
    client.close()
    await proxy.close()
  })
  const id = await trigger(url)
  const watch = watchRun(client, id, ['words', 'never'])
  const last = await watch.over
  expect(last).toEqual((await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run)
  expect(last).toMatchObject({ status: 'COMPLETED', output: 'counted', metadata: { done: 100 } })
  expect([[...(watch.logs['words']?.at(-1) ?? [])], [...(watch.logs['never']?.at(-1) ?? [])], watch.ends]).toEqual([words, [], 1])
})

test('its frames fit, and what it does not have is denied alone', async () => {
  const url = await serve()
  const id = await trigger(url)
  const wants = [{ run: id }, { run: id, stream: 'words', index: -5 }, { run: 'run_none' }, { query: { tag: 't' } }]
  const feed = new Follow(await fetch(`${url}/v1/feed`, { method: 'POST', body: JSON.stringify({ wants }) }))
  await feed.over
  expect(feed.denied).toMatchObject([{ run: 'run_none', code: 'not_found' }, { code: 'not_found' }])
  expect([feed.events[0], feed.events.includes('end')]).toEqual(['open', true])
  expect(feed.runs.get(id)).toEqual((await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run)
})
