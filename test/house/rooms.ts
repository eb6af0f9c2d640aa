// The plan of the house as a check: which room may import which, and what a file in src/exports may hold. Reads text, not types:
// comments are taken out, and what is left is searched for module names. A type import counts like any other.
import { posix } from 'node:path'

/** Path from the repository's root, to text. */
export type Sources = Readonly<Record<string, string>>

const engines = ['engine', 'engine/memory', 'engine/sqlite', 'engine/redis']

/** Beside its own files, what a room may import. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  contract: ['protocol'],
  store: ['protocol'],
  transport: ['protocol'],
  client: ['store', 'transport', 'contract', 'protocol'],
  react: ['client', 'store', 'contract', 'protocol'],
  components: ['react', 'protocol'],
  engine: ['protocol'],
  'engine/memory': ['engine', 'protocol'],
  'engine/sqlite': ['engine', 'protocol'],
  'engine/redis': ['engine', 'protocol'],
  feed: ['engine', 'protocol'],
  task: ['client', 'contract', 'protocol'],
  worker: ['task', 'contract', 'protocol'],
  server: ['feed', ...engines, 'worker', 'task', 'contract', 'protocol'],
  // `serve` opens an engine, `record` plays what it writes
  cli: ['server', 'engine/memory', 'engine/sqlite', 'engine', 'worker', 'task', 'client', 'testing', 'protocol'],
  // `task` says what a trigger may be
  testing: ['feed', 'engine/memory', 'client', 'store', 'transport', 'task', 'protocol'],
  storybook: ['testing', 'react', 'client'],
  dashboard: ['components', 'react', 'client', 'protocol'],
}

const roomsWithNode = ['engine/sqlite', 'task', 'worker', 'server', 'cli']
const serverOnly = /^(zod|hono|jose|@hono\/[^/]+)(\/|$)/
const commandOnly = /^(commander|cli-progress)(\/|$)/
const roomsWithServerOnly = ['server', 'cli']
/** Imports what a user names. */
const importsByName = 'src/cli/load-module.ts'

/** What a browser loads. `testing` is the one entry through which it may reach the memory engine and the feed. */
const browserEntries = ['index', 'react', 'components']

function roomOf(path: string): string {
  const [, room = '', inner = ''] = path.split('/')
  return room === 'engine' && !inner.includes('.') ? `engine/${inner}` : room
}

/** The room whose surface an entry is: `index` is the client's, `redis` an engine's, `task` the worker's (which has task code with it), and `components/log` belongs to components. */
function roomOfEntry(path: string): string {
  const [name = ''] = path.slice('src/exports/'.length).split(/[/.]/)
  return { index: 'client', redis: 'engine/redis', task: 'worker' }[name] ?? name
}

// Strings are matched to be kept: a `//` inside one is not a comment.
const commentOrString = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
const withoutComments = (text: string): string => text.replace(commentOrString, (found) => (found.startsWith('/') ? ' ' : found))

const quoted = String.raw`\s*(?:'([^'\n]+)'|"([^"\n]+)")`
const moduleNames = new RegExp(
  [
    String.raw`\bfrom${quoted}`,
    String.raw`\bimport${quoted}`,
    String.raw`\b(?:import|getBuiltinModule)\s*\(${quoted}`,
    String.raw`\bnew\s+URL\(${quoted}\s*,\s*import\.meta\.url`,
  ].join('|'),
  'g',
)

/** The modules that a source text names: imports of every kind, re-exports, and workers by URL. */
export function importsOf(text: string): string[] {
  return [...withoutComments(text).matchAll(moduleNames)].map((match) => match.slice(1).find((name) => name !== undefined) ?? '')
}

const reExport = /\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s*(?:'[^']*'|"[^"]*")\s*;?/g
const explicitReExport = /\bexport\s+(?:type\s+)?\{[^}]*\}\s+from\s*(?:'[^']*'|"[^"]*")\s*;?/g
const importOrLocalList = /\bimport\s+[^'"]*?from\s*(?:'[^']*'|"[^"]*")\s*;?|\bexport\s+(?:type\s+)?\{[^}]*\}\s*;?/g
const directive = /^\s*(?:'use \w+'|"use \w+")\s*;?/

function isBarrel(text: string): boolean {
  const code = withoutComments(text).replace(directive, '')
  return /\bexport\b/.test(code) && code.replace(reExport, '').replace(importOrLocalList, '').trim() === ''
}

const isExportList = (text: string): boolean => withoutComments(text).replace(directive, '').replace(explicitReExport, '').trim() === ''

const isRelative = (name: string): boolean => name.startsWith('.')
const resolve = (path: string, name: string): string => posix.join(posix.dirname(path), name)

function problemsOfImport(path: string, name: string): string[] {
  const isEntry = path.startsWith('src/exports/')
  const room = isEntry ? roomOfEntry(path) : roomOf(path)
  if (name.startsWith('node:')) return roomsWithNode.includes(room) ? [] : [`${room} may not import ${name}`]
  if (serverOnly.test(name)) return roomsWithServerOnly.includes(room) ? [] : [`${name} is for ${roomsWithServerOnly.join(' and ')} only`]
  if (commandOnly.test(name)) return room === 'cli' ? [] : [`${name} is for cli only`]
  if (/^runfeed(\/|$)/.test(name)) return [`imports ${name}: inside src a module is named by its file`]
  if (name.endsWith('.css')) return [`imports ${name}: CSS is for the application to import`]
  if (!isRelative(name)) return []
  const target = resolve(path, name)
  if (!target.startsWith('src/')) return [`imports ${name}, which is outside src`]
  const to = roomOf(target)
  return to === room || mayImport[room]?.includes(to) ? [] : [`${room} may not import ${to} (${name})`]
}

function problemsOfFile(path: string, text: string): string[] {
  const isEntry = path.startsWith('src/exports/')
  const room = isEntry ? roomOfEntry(path) : roomOf(path)
  const problems = importsOf(text).flatMap((name) => problemsOfImport(path, name))
  if (!(room in mayImport)) problems.push(`${room} is not a room: add it to the table`)
  if (path !== importsByName && /\bimport\s*\(\s*[^\s'"]/.test(withoutComments(text)))
    problems.push('import() of something that is not a literal cannot be checked')
  if (isEntry && !isExportList(text)) problems.push('an entry holds explicit export lists and nothing else')
  if (!isEntry && isBarrel(text)) problems.push('only re-exports: a barrel')
  return problems
}

/** Every file that an entry loads, with the file that first brought it. */
function reachedFrom(entry: string, sources: Sources): Map<string, string> {
  const reached = new Map([[entry, entry]])
  for (const [path] of reached)
    for (const name of importsOf(sources[path] ?? '').filter(isRelative)) {
      const target = resolve(path, name)
      if (!reached.has(target)) reached.set(target, path)
    }
  return reached
}

function problemsOfBrowser(sources: Sources): string[] {
  const entries = Object.keys(sources).filter((path) => browserEntries.includes(path.match(/^src\/exports\/(\w+)/)?.[1] ?? ''))
  return entries.flatMap((entry) =>
    [...reachedFrom(entry, sources)]
      .filter(([path]) => /^src\/(engine|feed)\//.test(path))
      .map(([path, from]) => `${entry}: a browser would load ${path}, through ${from}`),
  )
}

/** What is wrong with the house, one line per problem, each beginning with its file. */
export function problemsOf(sources: Sources): string[] {
  const perFile = Object.entries(sources).flatMap(([path, text]) => problemsOfFile(path, text).map((problem) => `${path}: ${problem}`))
  return [...perFile, ...problemsOfBrowser(sources)]
}
