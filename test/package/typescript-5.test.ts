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
