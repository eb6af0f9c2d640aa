// The declarations that are published, with the TypeScript that most people have.
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blocksOf } from '../house/docs.ts'
import { type PackedApp, packedApp, root, run } from './packed.ts'

let app: PackedApp

beforeAll(() => {
  const schemas = ['zod', 'zod3', 'valibot', 'arktype']
  app = packedApp(['react', 'react-dom', 'typescript@5.9.3', '@types/react', '@types/node', 'vitest', ...schemas])
}, 300_000)

afterAll(() => app.remove())

/** Type-checks a folder of the app. @returns what the compiler has to say */
function check(folder: string): string {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
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
  return run(folder, process.execPath, tsc)
}

test('what docs/hooks.md shows type-checks on TypeScript 5.9 too, against the declarations that are published', () => {
  const folder = join(app.folder, 'shown')
  for (const { file, code } of blocksOf('hooks', readFileSync(join(root, 'docs/hooks.md'), 'utf8'))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), code)
  }
  expect(check(folder)).toBe('')
})

test('the type tests hold on TypeScript 5.9 too', () => {
  const folder = join(app.folder, 'types')
  const tests = globSync('test/**/*.test-d.ts', { cwd: root })
  expect(tests.length).toBeGreaterThan(2)
  for (const file of tests) cpSync(join(root, file), join(folder, dirname(file), basename(file, '.test-d.ts') + '.ts'))
  expect(check(folder)).toBe('')
})

test('what an editor shows over the results of hooks is the data, not the machinery', () => {
  const file = join(app.folder, 'hover.ts')
  writeFileSync(
    file,
    `import { createRunClient, defineRun } from 'runfeed'
import { createRunHooks, useRunMetadata, useRuns } from 'runfeed/react'
import { z } from 'zod'

const load = defineRun({
  id: 'load',
  payload: z.object({ file: z.string() }),
  metadata: z.object({ done: z.number(), at: z.coerce.date() }),
  streams: { log: z.object({ line: z.string() }) },
})
const hooks = createRunHooks(load)
const bare = useRunMetadata('x')
const typed = hooks.useRunMetadata('x')
const parsed = useRunMetadata('x', { schema: z.object({ done: z.number() }) })
const selected = hooks.useRunMetadata('x', { select: (metadata) => metadata.done })
const run = hooks.useRun('x')
const runs = hooks.useRuns({ tag: 'a' })
const every = useRuns({ tag: 'a' })
const stream = hooks.useRunStream('x', 'log')
const trigger = hooks.useTriggerRun()
const retrieved = await createRunClient({ baseUrl: '' }).runs.retrieve('x', { contract: load })
`,
  )
  const { load: _, hooks: __, ...shown } = JSON.parse(run(app.folder, process.execPath, join(import.meta.dirname, 'hover.mjs'), file)) as Record<string, string>
  const ofRun = 'Run<{ done: number; at: Date; } | undefined, Json, { file: string; }>'
  expect(shown).toEqual({
    bare: 'const bare: Result<"metadata", JsonObject>',
    typed: 'const typed: Result<"metadata", { done: number; at: Date; }>',
    parsed: 'const parsed: Result<"metadata", { done: number; }>',
    selected: 'const selected: Result<"metadata", number>',
    run: `const run: Result<"run", ${ofRun}>`,
    runs: 'const runs: RunsResult<readonly RunSummary<{ done: number; at: Date; } | undefined>[]>',
    every: 'const every: RunsResult<readonly RunSummary<JsonObject>[]>',
    stream: 'const stream: StreamResult<{ line: string; }, undefined>',
    trigger: 'const trigger: TriggerResult<{ file: string; }>',
    retrieved: `const retrieved: ${ofRun}`,
  })
})
