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
const NEXT = ['next@16.4.6', 'react', 'react-dom', 'typescript@5.9.3', '@types/react', '@types/node']

let app: PackedApp
let server: ChildProcess | undefined

beforeAll(() => {
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
}, 300_000)

afterAll(async () => {
  if (server && server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  app.remove()
})

test('a page of a Next app shows a run of its own server, live', async () => {
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

  const browser = await chromium.launch(await ourChromium())
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
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
