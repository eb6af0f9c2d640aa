// (e): what a user imports, bundled, minified and gzipped, without React.
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import type { Row } from '../row.ts'
import { CONTENDERS } from './contenders.ts'
import { importPeer } from './peers.ts'

interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly contents: Uint8Array }[] }>
}

export async function sizes(): Promise<Row> {
  const esbuild = (await importPeer('esbuild')) as Esbuild
  const raw: { [name: string]: number } = {}
  for (const { name, isOurs, imports } of CONTENDERS) {
    if (imports === undefined) continue
    const { outputFiles } = await esbuild.build({
      stdin: { contents: imports, resolveDir: isOurs ? import.meta.dirname : join(import.meta.dirname, '../peers') },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      conditions: ['@runfeed/source'],
      external: ['react', 'react-dom', 'react/*'],
      define: { 'process.env.NODE_ENV': '"production"' },
      logLevel: 'error',
    })
    raw[`${name} (kB)`] = gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length / 1000
  }
  return { name: '(e) what a user imports for (a) to (c), min+gzip, without React', value: raw['runfeed (kB)'] ?? Number.NaN, unit: 'kB', raw }
}
