// docs/recipes/next.md as an application: its files written out, built by Next, served by Next, used in Chromium.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromium as ourChromium } from '../../scripts/chromium.ts'
import { blocksOf } from '../house/docs.ts'
import { type PackedApp, packedApp, root, run } from './packed.ts'

// Next brings its own compiler, and wants the TypeScript that has a JavaScript API
const NEXT = ['next@16.4.6', 'react', 'react-dom', 'typescript@5.9.3', '@types/react', '@types/node', 'zod']

let app: PackedApp
let server: ChildProcess | undefined
let origin = ''

beforeAll(async () => {
  app = packedApp(NEXT)
  for (const { file, code } of blocksOf('page', readFileSync(join(root, 'docs/recipes/next.md'), 'utf8'))) {
    const path = join(app.folder, file.replace(/^page\//, ''))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, code)
  }
  writeFileSync(
    join(app.folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { strict: true, allowImportingTsExtensions: true, noEmit: true, skipLibCheck: true } }),
  )
  run(app.folder, process.execPath, 'node_modules/next/dist/bin/next', 'build')

  const { createServer } = await import('node:http')
  // Next wants a port by number
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')

  server = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', String(port)], {
    cwd: app.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface(server.stdout as NodeJS.ReadableStream)) if (line.includes('Ready')) break
  origin = `http://127.0.0.1:${port}`
}, 300_000)

afterAll(async () => {
  if (server && server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  app.remove()
})

test('a page of a Next app shows a run of its own server, live', async () => {
  const browser = await chromium.launch(await ourChromium())
  try {
    const page = await browser.newPage()
    await page.goto(`${origin}/`)
    await page.evaluate(() => {
      const seen: string[] = []
      Object.assign(globalThis, { seen })
      new MutationObserver(() => {
        const now = document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')
        if (now && seen.at(-1) !== now) seen.push(now)
      }).observe(document.body, { subtree: true, childList: true, attributes: true })
    })
    await page.getByRole('button', { name: 'Bake' }).click()
    await page.getByRole('progressbar', { name: 'Loaves' }).and(page.locator('[aria-valuenow="100"]')).waitFor()
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
    // nothing on the way gathered the feed: it was seen to rise
    expect(seen.length).toBeGreaterThanOrEqual(4)
  } finally {
    await browser.close()
  }
})

test('a server component reads a run, and the browser goes on with it without a word about hydration', async () => {
  const trigger = await fetch(`${origin}/v1/tasks/bake/trigger`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ payload: 20 }),
  })
  const { id } = (await trigger.json()) as { id: string }
  const html = await (await fetch(`${origin}/runs/${id}`)).text()
  expect(html).toMatch(/<p>(QUEUED|DEQUEUED|EXECUTING|COMPLETED): \d+ loaves<\/p>/)

  const browser = await chromium.launch(await ourChromium())
  try {
    const page = await browser.newPage()
    const said: string[] = []
    page.on('console', (message) => said.push(`${message.type()} ${message.text()}`))
    page.on('pageerror', (error) => said.push(error.message))
    await page.goto(`${origin}/runs/${id}`)
    await page.getByText('COMPLETED: 20 loaves').waitFor()
    expect(said).toEqual([])
  } finally {
    await browser.close()
  }
})

test('what docs/hooks.md shows type-checks on TypeScript 5.9 too, against the declarations that are published', () => {
  const folder = join(app.folder, 'shown')
  for (const { file, code } of blocksOf('hooks', readFileSync(join(root, 'docs/hooks.md'), 'utf8'))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), code)
  }
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    jsx: 'react-jsx',
    module: 'esnext',
    moduleResolution: 'bundler',
    moduleDetection: 'force',
    target: 'es2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['node'],
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }))
  const tsc = join(app.folder, 'node_modules/typescript/bin/tsc')
  expect(run(folder, process.execPath, tsc, '--version')).toContain('5.9')
  expect(run(folder, process.execPath, tsc)).toBe('')
})
