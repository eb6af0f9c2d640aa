// The script of docs/recipes/python.md, as it stands on the page, against a real server.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryEngine } from 'runfeed/server'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { faultProxy } from '../faults/proxy.ts'
import { schedule } from '../faults/schedule.ts'
import { startServer } from '../support/server.ts'

const PAGE = new URL('../../docs/recipes/python.md', import.meta.url)
const ROWS = 20

beforeAll(() => {
  const { error } = spawnSync('python3', ['--version'])
  if (error) throw new Error(`python3 is needed here (${error.message}); install it with: apt-get install -y python3`)
})

/** The page's script in a file. @param more - replaces what it does with its run. */
function script(more?: string): string {
  const code = /^```python\n(.*?)^```$/ms.exec(readFileSync(PAGE, 'utf8'))?.[1]
  if (code === undefined) throw new Error('the page shows no Python any more')
  const folder = mkdtempSync(join(tmpdir(), 'runfeed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'runfeed.py')
  writeFileSync(file, more === undefined ? code : `${code.slice(0, code.indexOf('if __name__'))}\n${more}`)
  return file
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(file: string, url: string): Promise<Ended> {
  const child = spawn('python3', [file], { env: { ...process.env, RUNFEED_URL: url, RUNFEED_SECRET_KEY: '' }, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

test('reports a run, its metadata and a stream, and ends it', async () => {
  const server = await startServer()
  const { code, stdout, stderr } = await run(script(), server.url)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(await server.ended(stdout.trim())).toMatchObject({
    task: 'report',
    status: 'COMPLETED',
    attempt: 1,
    payload: { rows: ROWS },
    output: { rows: ROWS },
    tags: ['nightly'],
    metadata: { status: 'complete', done: ROWS, progress: 1 },
    streams: { rows: { state: 'closed' } },
  })
}, 30_000)

test('counts nothing twice and loses nothing when its connections are cut', async () => {
  const engine = memoryEngine()
  const server = await startServer({ engine })
  const proxy = await faultProxy(server.url, schedule({ seed: 5, faults: 20, bytes: 1500 }))
  onTestFinished(async () => await proxy.close())
  const { code, stdout, stderr } = await run(script(), proxy.url)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const id = stdout.trim()
  expect(await server.run(id)).toMatchObject({ status: 'COMPLETED', metadata: { done: ROWS, progress: 1 } })
  expect((await engine.chunks.read(id, 'rows', 0, 100_000)).chunks).toEqual(Array.from({ length: ROWS }, (_, row) => `row ${row}`))
  expect((await engine.record.list({})).runs).toHaveLength(1)
}, 60_000)

test('says why it failed, and stops when it is canceled', async () => {
  const server = await startServer({ engine: memoryEngine({ leaseMs: 3000 }) })
  const failing = await run(script('with Run("report") as run:\n    print(run.id, flush=True)\n    raise ValueError("row 7")\n'), server.url)
  expect(failing.code).toBe(1)
  expect(await server.run(failing.stdout.trim())).toMatchObject({ status: 'FAILED', error: { type: 'ValueError', message: 'row 7' } })

  const waiting = run(script('with Run("waits") as run:\n    run.is_canceled.wait()\n'), server.url)
  const id = await vi.waitFor(
    async () => {
      const { runs } = (await (await server.get('/v1/runs?task=waits')).json()) as { runs: { id: string }[] }
      if (!runs[0]) throw new Error('not begun yet')
      return runs[0].id
    },
    { timeout: 20_000, interval: 50 },
  )
  await server.post(`/v1/runs/${id}/cancel`)
  expect((await waiting).code).toBe(0)
  expect((await server.run(id)).status).toBe('CANCELED')
}, 60_000)
