// The page, built by Vite when its sources have changed, and then served from memory: no request is ever a path on the disk.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CACHE = join(ROOT, 'node_modules', '.cache', 'runfeed-demo')
/** What ends up in the page, and what decides how it is built. */
const SOURCES = [
  'demo/page/**',
  'demo/contracts.ts',
  'demo/csv/limits.ts',
  'demo/duration.ts',
  'demo/serve/page.ts',
  'src/{client,components,contract,exports,protocol,react,store,transport}/**',
  'package-lock.json',
]

const TYPES: { readonly [extension: string]: string } = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
  json: 'application/json',
}

export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers: { readonly [name: string]: string }
}

/** The page's files by their URL path. @param building - called before a build, which takes a second or two */
export async function loadPage(building: () => void): Promise<ReadonlyMap<string, PageFile>> {
  const folder = join(CACHE, hashOfSources())
  if (!existsSync(folder)) {
    building()
    await build(folder)
  }
  return new Map(
    filesIn(folder).map((file) => {
      const path = `/${relative(folder, file).split(sep).join('/')}`
      return [path, { body: new Uint8Array(readFileSync(file)), headers: headersOf(path) }]
    }),
  )
}

function headersOf(path: string): PageFile['headers'] {
  return {
    'content-type': TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    // only what carries its hash in its name may be kept
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    ...(path.endsWith('.html') && {
      'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    }),
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256')
  for (const file of SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).toSorted()) {
    const path = join(ROOT, file)
    if (statSync(path).isFile()) hash.update(file).update('\0').update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

async function build(folder: string): Promise<void> {
  const [{ build: viteBuild, defaultClientConditions }, { default: react }] = await Promise.all([import('vite'), import('@vitejs/plugin-react')])
  const half = `${folder}.${process.pid}`
  mkdirSync(CACHE, { recursive: true })
  // Vite takes what is there: under a test runner that would be React's development build, and it would stay in the cache
  process.env['NODE_ENV'] = 'production'
  await viteBuild({
    root: join(ROOT, 'demo', 'page'),
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    resolve: { conditions: ['@runfeed/source', ...defaultClientConditions] },
    build: { outDir: half, emptyOutDir: true, target: 'es2022' },
  })
  // older builds are of no use to anybody: a server that still runs holds its page in memory
  for (const name of readdirSync(CACHE)) if (/^[0-9a-f]{16}$/.test(name)) rmSync(join(CACHE, name), { recursive: true, force: true })
  // two demos that start at once both build; the first one wins
  if (existsSync(folder)) rmSync(half, { recursive: true, force: true })
  else renameSync(half, folder)
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
