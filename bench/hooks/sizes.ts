// (e): what a user imports, bundled, minified and gzipped, without React. What is loaded later, by `import()`, is left out.
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Row } from '../row.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import { importPeer } from './peers.ts'

interface Output {
  readonly entryPoint?: string
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[]
}
interface Esbuild {
  build(options: object): Promise<{
    readonly outputFiles: readonly { readonly path: string; readonly contents: Uint8Array }[]
    readonly metafile: { readonly outputs: { readonly [path: string]: Output } }
  }>
}

export async function sizes(): Promise<Row> {
  const esbuild = (await importPeer('esbuild')) as Esbuild
  const raw: { [name: string]: number } = {}
  for (const contender of CONTENDERS) if (contender.imports !== undefined) raw[`${contender.name} (kB)`] = await sizeOf(esbuild, contender)
  return { name: '(e) what a user imports for (a) to (c), min+gzip, without React', value: raw['runfeed (kB)'] ?? Number.NaN, unit: 'kB', raw }
}

async function sizeOf(esbuild: Esbuild, { isOurs, imports }: Contender): Promise<number> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: imports, resolveDir: isOurs ? import.meta.dirname : join(import.meta.dirname, '../peers') },
    absWorkingDir: import.meta.dirname,
    outdir: 'out',
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['@runfeed/source'],
    external: ['react', 'react-dom', 'react/*', 'node:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  const loaded = new Set<string>()
  const load = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? []) if (kind === 'import-statement' && !external) load(next)
  }
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) if (entryPoint !== undefined) load(path)
  const bytes = outputFiles.filter(({ path }) => [...loaded].some((name) => path.endsWith(name))).map(({ contents }) => gzipSync(contents, { level: 9 }).length)
  if (bytes.length === 0) throw new Error('the bundle has no entry')
  return bytes.reduce((sum, size) => sum + size, 0) / 1000
}
