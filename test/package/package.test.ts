// The package as its users get it: built, packed, installed into an empty application, bundled by Vite, run in plain Node and in Chromium.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromium as ourChromium } from '../../scripts/chromium.ts'
import { type PackedApp, packedApp, root, run } from './packed.ts'

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
const subpaths = Object.keys(exports).map((path) => path.replace(/^\./, 'runfeed'))

let app: string
let packed: PackedApp
let server: ChildProcess | undefined

beforeAll(() => {
  packed = packedApp(['react', 'react-dom', 'vite', '@vitejs/plugin-react'])
  app = packed.folder
  cpSync(join(import.meta.dirname, 'app'), app, { recursive: true })
  writeFileSync(join(app, 'vite.config.js'), "import react from '@vitejs/plugin-react'\nexport default { plugins: [react()] }\n")
}, 180_000)

afterAll(async () => {
  if (server && server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  packed.remove()
})

test('brings no more than a few small packages, and none of the server’s', () => {
  const installed = new Set(readdirSync(join(app, 'node_modules')))
  expect(installed).toContain('runfeed')
  for (const name of ['hono', '@hono', 'zod', 'jose', 'commander', 'cli-progress']) expect(installed).not.toContain(name)
  const { dependencies } = JSON.parse(readFileSync(join(app, 'node_modules/runfeed/package.json'), 'utf8')) as { dependencies: Record<string, string> }
  expect(dependencies).toEqual({
    'eventsource-parser': expect.stringMatching(/^\^/) as string,
    'use-sync-external-store': expect.stringMatching(/^\^/) as string,
  })
})

test.each(subpaths.filter((path) => !path.endsWith('.css')))('%s is imported', (subpath) => {
  const attributes = subpath.endsWith('.json') ? ", { with: { type: 'json' } }" : ''
  const names = run(app, process.execPath, '--input-type=module', '--eval', `console.log(Object.keys(await import('${subpath}'${attributes})).length)`)
  expect(Number(names)).toBeGreaterThan(0)
})

test.each(subpaths.filter((path) => path.endsWith('.css')))('%s is found', (subpath) => {
  const file = run(app, process.execPath, '--input-type=module', '--eval', `console.log(new URL(import.meta.resolve('${subpath}')).pathname)`)
  expect(readFileSync(file.trim(), 'utf8')).toContain('--rf-')
})

test('the command that comes with it serves the tasks of a TypeScript file', async () => {
  cpSync(join(root, 'test/cli/tasks/tasks.ts'), join(app, 'tasks.ts'))
  const command = (...args: string[]): string => run(app, process.execPath, 'node_modules/.bin/runfeed', ...args)
  expect(command('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
  const serving = spawn(process.execPath, ['node_modules/.bin/runfeed', 'serve', '--tasks', 'tasks.ts', '--port', '0', '--json'], {
    cwd: app,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = (await once(createInterface(serving.stdout as NodeJS.ReadableStream), 'line')) as [string]
    const { url } = JSON.parse(line) as { url: string }
    expect(command('trigger', 'count', '{"to":2}', '--wait', '--url', url)).toContain('output: {"counted":2}')
    expect(command('runs', '--url', url)).toMatch(/^run_\w+ +count +COMPLETED .*100 %$/m)
  } finally {
    serving.kill('SIGTERM')
    await once(serving, 'exit')
  }
  expect(serving.exitCode).toBe(0)
})

test('the sizes in README.md are those of the build, to a tenth of a kB', () => {
  const measured = JSON.parse(run(root, process.execPath, 'node_modules/size-limit/bin.js', '--json')) as { name: string; size: number; passed: boolean }[]
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  expect(measured.filter(({ passed }) => !passed)).toEqual([])
  const said = measured.map(({ name }) => Number(new RegExp(`^\\| ${name} \\| ([\\d.]+) \\|$`, 'm').exec(readme)?.[1]))
  expect(said).toEqual(measured.map(({ size }) => Number((size / 1000).toFixed(1))))
})

test('what a server component may not run says so in its first line', () => {
  const files = ['react', 'components'].flatMap((room) =>
    readdirSync(join(app, 'node_modules/runfeed', room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .map((file) => join(room, file)),
  )
  const hooks = files.filter((file) =>
    /import \{[^}]*\b(use[A-Z]|createContext)[^}]*\} from "(react|use-sync-external-store[^"]*)"/.test(
      readFileSync(join(app, 'node_modules/runfeed', file), 'utf8'),
    ),
  )
  expect(hooks.length).toBeGreaterThan(2)
  expect(hooks.filter((file) => !readFileSync(join(app, 'node_modules/runfeed', file), 'utf8').startsWith('"use client"'))).toEqual([])
})

/** Installed by their own tests: they bring what the package must not. */
const bundlers = {
  esbuild: `
    import { build } from 'esbuild'
    const { metafile } = await build({ entryPoints: ['entry.js'], bundle: true, minify: true, format: 'esm', outfile: 'out/esbuild.mjs', metafile: true })
    console.log(JSON.stringify(Object.keys(metafile.inputs)))`,
  webpack: `
    import webpack from 'webpack'
    const output = { path: process.cwd() + '/out', filename: 'webpack.mjs', module: true, library: { type: 'module' } }
    webpack({ mode: 'production', optimization: { minimize: false }, performance: { hints: false }, entry: './entry.js', output, experiments: { outputModule: true } }, (error, stats) => {
      if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString())
      const modules = stats.toJson({ all: false, modules: true, nestedModules: true, modulesSpace: 1000, nestedModulesSpace: 1000 }).modules
      console.log(JSON.stringify(modules.flatMap((one) => [one, ...(one.modules ?? [])]).flatMap(({ name }) => name ?? [])))
    })`,
} as const

test.each(Object.keys(bundlers) as (keyof typeof bundlers)[])(
  '%s bundles what a page imports, without zod and without what a server is',
  { timeout: 120_000 },
  (name) => {
    run(app, 'npm', 'install', '--silent', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', `${name}@${name === 'esbuild' ? '0.28.2' : '5.112.2'}`)
    const imports = ['runfeed', 'runfeed/react', 'runfeed/components'].map((path, at) => `import * as m${at} from '${path}'`).join('\n')
    writeFileSync(join(app, 'entry.js'), `${imports}\nexport default [m0, m1, m2].map((m) => Object.keys(m).length)\n`)
    const modules = JSON.parse(run(app, process.execPath, '--input-type=module', '--eval', bundlers[name])) as string[]
    const names = modules.map((path) => path.replaceAll('\\', '/'))
    expect(names.filter((path) => path.includes('runfeed/react/')).length).toBeGreaterThan(10)
    expect(names.filter((path) => /node_modules\/(?!(runfeed|react|react-dom|scheduler|use-sync-external-store|eventsource-parser)\/)/.test(path))).toEqual([])
    expect(names.filter((path) => /runfeed\/(server|engine|feed|task|worker|cli|vendor)\//.test(path))).toEqual([])
    const said = run(app, process.execPath, '--input-type=module', '--eval', `console.log(JSON.stringify((await import('./out/${name}.mjs')).default))`)
    for (const exported of JSON.parse(said) as number[]) expect(exported).toBeGreaterThan(2)
  },
)

test('an app that Vite builds with it runs against a server that plain Node runs from it', async () => {
  run(app, process.execPath, 'node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error')
  server = spawn(process.execPath, ['server.mjs'], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(server.stdout as NodeJS.ReadableStream), 'line')) as [string]
  const { url } = JSON.parse(line) as { url: string }

  const browser = await chromium.launch(await ourChromium())
  try {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(url)
    await page.getByText('{"total":3,"heard":["packed, ","unpacked"],"done":3}').waitFor()
    await page.getByText('packed, unpacked').waitFor()
    expect(await page.getByRole('progressbar', { name: 'Rows' }).getAttribute('aria-valuenow')).toBe('100')
    expect(errors).toEqual([])
  } finally {
    await browser.close()
  }
})
