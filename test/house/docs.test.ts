import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Block, blocksOf, shownFilesOf, writeBlocks } from './docs.ts'

const root = join(import.meta.dirname, '..', '..')
// Not below node_modules: Node strips no types there, and a package does not find itself by name from there.
const folder = join(root, '.cache', 'docs')

const pages = ['README.md', 'docs'].flatMap((name) => {
  const path = join(root, name)
  if (!existsSync(path)) return []
  return name.endsWith('.md') ? [name] : readdirSync(path, { recursive: true, encoding: 'utf8' }).map((file) => join(name, file))
})
const texts = pages.filter((page) => page.endsWith('.md')).map((page): [name: string, text: string] => [page, readFileSync(join(root, page), 'utf8')])
const blocks = texts.flatMap(([page, text]) => blocksOf(page, text))
const shown = texts.flatMap(([page, text]) => shownFilesOf(page, text))

function run(args: string[], cwd: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] })
}
const typeCheck = (at: string): string => run([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--pretty', 'false'], at).stdout.trim()
const runBlock = (at: string, { file }: Block) => run(['--conditions=@runfeed/source', join(at, file)], dirname(join(at, file)))

describe('the documentation', () => {
  beforeAll(() => writeBlocks(folder, join(root, 'tsconfig.json'), blocks))

  test('shows code in README.md', () => {
    expect(blocks.map((block) => block.at)).toContainEqual(expect.stringMatching(/^README\.md:/))
  })

  test('type-checks', { timeout: 60_000 }, () => {
    expect(typeCheck(folder)).toBe('')
  })

  test.each(shown)('shows $path as it is, at $at', ({ path, text }) => {
    expect(text).toBe(readFileSync(join(root, path), 'utf8'))
  })

  const runnable = blocks.filter((block) => block.run)
  test.each(runnable)('runs at $at', { timeout: 60_000 }, (block) => {
    const { status, stdout, stderr } = runBlock(folder, block)
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
    expect(block.output === undefined ? undefined : stdout.trimEnd()).toBe(block.output?.trimEnd())
  })
})

describe('the check itself', () => {
  const at = join(root, '.cache', 'docs-check')
  const page = [
    '# Page',
    '```ts file=contract.ts',
    'export const n: number = 1',
    '```',
    '1. In a list:',
    '   ```tsx',
    "   import { n } from './contract.ts'",
    '   const s: string = n',
    '   ```',
    '```ts run',
    "import { n } from './contract.ts'",
    'console.log(n + 1)',
    '```',
    'prints',
    '```output',
    '2',
    '```',
    '```sh',
    'not code',
    '```',
    '```ts from=demo/main.ts',
    'elsewhere',
    '```',
  ].join('\n')
  const found = blocksOf('page.md', page)
  beforeAll(() => writeBlocks(at, join(root, 'tsconfig.json'), found))

  test('finds the blocks and what they print', () => {
    expect(found.map(({ at: where, file, run: runs, output }) => [where, file, runs, output])).toEqual([
      ['page.md:3', 'page.md/contract.ts', false, undefined],
      ['page.md:7', 'page.md/line-7.tsx', false, undefined],
      ['page.md:11', 'page.md/line-11.ts', true, '2\n'],
    ])
  })

  test('finds files that are shown, and leaves them out of the blocks', () => {
    expect(shownFilesOf('page.md', page)).toEqual([{ at: 'page.md:22', path: 'demo/main.ts', text: 'elsewhere\n' }])
  })

  test('reports a type error with the line of the page', { timeout: 60_000 }, () => {
    expect(typeCheck(at)).toBe("page.md/line-7.tsx(8,7): error TS2322: Type 'number' is not assignable to type 'string'.")
  })

  test('runs a block', () => {
    expect(runBlock(at, found[2]!)).toMatchObject({ status: 0, stdout: '2\n' })
  })
})
