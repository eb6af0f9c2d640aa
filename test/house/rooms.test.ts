import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importsOf, problemsOf, type Sources } from './rooms.ts'

const root = join(import.meta.dirname, '..', '..')

function sourcesOnDisk(): Sources {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  return Object.fromEntries(files.map((file) => [`src/${file.split(sep).join('/')}`, readFileSync(join(root, 'src', file), 'utf8')]))
}

test('no room of src imports what the plan does not allow', () => {
  const sources = sourcesOnDisk()
  expect(Object.keys(sources)).toContain('src/protocol/run.ts')
  expect(problemsOf(sources)).toEqual([])
})

describe('a problem is found:', () => {
  test.each<[what: string, path: string, text: string, problem: string]>([
    ['a room above', 'src/store/a.ts', "import { x } from '../client/b.ts'", 'store may not import client (../client/b.ts)'],
    ['a type import', 'src/protocol/a.ts', "import type { X } from '../store/b.ts'", 'protocol may not import store (../store/b.ts)'],
    ['an import over lines', 'src/store/a.ts', "import {\n  x,\n  y,\n} from '../react/b.ts'", 'store may not import react (../react/b.ts)'],
    ['a side effect', 'src/store/a.ts', "import '../react/b.ts'", 'store may not import react (../react/b.ts)'],
    ['import()', 'src/store/a.ts', "const b = await import('../react/b.ts')", 'store may not import react (../react/b.ts)'],
    ['a type by import()', 'src/store/a.ts', 'let b: import("../react/b.ts").B', 'store may not import react (../react/b.ts)'],
    ['a worker', 'src/store/a.ts', "new Worker(new URL('../react/b.ts', import.meta.url))", 'store may not import react (../react/b.ts)'],
    ['a re-export', 'src/store/a.ts', "export { b } from '../react/b.ts'\nexport const a = 1", 'store may not import react (../react/b.ts)'],
    ['import() of a name', 'src/store/a.ts', 'await import(name)', 'import() of something that is not a literal cannot be checked'],
    ['one engine in another', 'src/engine/memory/a.ts', "import { b } from '../sqlite/b.ts'", 'engine/memory may not import engine/sqlite (../sqlite/b.ts)'],
    ['an engine in what engines share', 'src/engine/a.ts', "import { b } from './sqlite/b.ts'", 'engine may not import engine/sqlite (./sqlite/b.ts)'],
    ['one engine in the feed', 'src/feed/a.ts', "import { b } from '../engine/memory/b.ts'", 'feed may not import engine/memory (../engine/memory/b.ts)'],
    ['Node in a browser room', 'src/transport/a.ts', "import { join } from 'node:path'", 'transport may not import node:path'],
    ['Node, asked for later', 'src/engine/memory/a.ts', "process.getBuiltinModule('node:fs')", 'engine/memory may not import node:fs'],
    ['zod', 'src/contract/a.ts', "import { z } from 'zod/mini'", 'zod/mini is for server and cli only'],
    ["hono's server", 'src/feed/a.ts', "import { serve } from '@hono/node-server'", '@hono/node-server is for server and cli only'],
    ["the command's options", 'src/server/a.ts', "import { Command } from 'commander'", 'commander is for cli only'],
    ['the command', 'src/server/a.ts', "import { a } from '../cli/b.ts'", 'server may not import cli (../cli/b.ts)'],
    ['a file that users name', 'src/cli/a.ts', 'await import(name)', 'import() of something that is not a literal cannot be checked'],
    ['the package itself', 'src/react/a.ts', "import { x } from 'runfeed/server'", 'imports runfeed/server: inside src a module is named by its file'],
    ['a test', 'src/react/a.ts', "import { x } from '../../test/a.ts'", 'imports ../../test/a.ts, which is outside src'],
    ['CSS', 'src/components/a.tsx', "import './a.css'", 'imports ./a.css: CSS is for the application to import'],
    ['a room without a row', 'src/utils/a.ts', 'export const a = 1', 'utils is not a room: add it to the table'],
    ['a barrel', 'src/store/index.ts', "// all\nexport * from './b.ts'\nexport type { C } from './c.ts'", 'only re-exports: a barrel'],
    ['a barrel in two steps', 'src/store/index.ts', "import { b } from './b.ts'\nexport { b }", 'only re-exports: a barrel'],
    ['a star in an entry', 'src/exports/react.ts', "export * from '../react/a.ts'", 'an entry holds explicit export lists and nothing else'],
    ['code in an entry', 'src/exports/react.ts', 'export const a = 1', 'an entry holds explicit export lists and nothing else'],
    ['an entry of another room', 'src/exports/react.ts', "export { a } from '../server/a.ts'", 'react may not import server (../server/a.ts)'],
  ])('%s', (_what, path, text, problem) => {
    expect(problemsOf({ [path]: text })).toEqual([`${path}: ${problem}`])
  })

  test('an engine behind a browser entry, however far', () => {
    const sources = {
      'src/exports/components/log.ts': "export { RunLog } from '../../components/RunLog.tsx'",
      'src/components/RunLog.tsx': "import { a } from '../react/a.ts'\nexport const RunLog = a",
      'src/react/a.ts': "import { b } from '../engine/b.ts'\nexport const a = b",
    }
    expect(problemsOf(sources)).toEqual([
      'src/react/a.ts: react may not import engine (../engine/b.ts)',
      'src/exports/components/log.ts: a browser would load src/engine/b.ts, through src/react/a.ts',
    ])
  })
})

describe('no problem is found in:', () => {
  test.each<[what: string, path: string, text: string]>([
    [
      'a file of the same room',
      'src/engine/sqlite/a.ts',
      "import { DatabaseSync } from 'node:sqlite'\nimport { b } from './b.ts'\nimport { c } from '../c.ts'",
    ],
    ['what a comment says', 'src/store/a.ts', "// import { x } from '../react/b.ts'\n/* import('../react/b.ts') */\nexport const a = 'http://x'"],
    ['the engines that the server offers', 'src/exports/server.ts', "export { sqliteEngine } from '../engine/sqlite/engine.ts'"],
    [
      'what the client stands on',
      'src/exports/index.ts',
      "// types\nexport type { Run } from '../protocol/run.ts'\nexport { dehydrate } from '../store/hydrate.ts'",
    ],
    ['the one place that loads what users name', 'src/cli/load-module.ts', 'export const load = async (name: string) => await import(name)'],
    ['the engine and feed of testing', 'src/testing/a.ts', "import { a } from '../feed/a.ts'\nimport { b } from '../engine/memory/b.ts'"],
    ['a module that also re-exports', 'src/store/a.ts', "export type { B } from './b.ts'\nexport const a = 1"],
  ])('%s', (_what, path, text) => {
    expect(problemsOf({ [path]: text })).toEqual([])
  })
})

test('module names are read from every form of import', () => {
  const text = `
    import a from 'a'; import type { B } from "b"
    import 'c'
    export * as d from 'd'
    const e = await import( 'e' )
    Array.from('not')
    const url = 'https://example.com' // from 'not'
  `
  expect(importsOf(text)).toEqual(['a', 'b', 'c', 'd', 'e'])
})
