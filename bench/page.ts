// A page of the bench, built as for production and held in memory.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { build, defaultClientConditions } from 'vite'

const TYPES: { readonly [extension: string]: string } = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

/** @returns what answers requests for the page's files. */
export async function buildPage(root: string): Promise<(request: Request) => Response> {
  const outDir = mkdtempSync(join(tmpdir(), 'runfeed-bench-'))
  try {
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      plugins: [react()],
      resolve: { conditions: ['@runfeed/source', ...defaultClientConditions] },
      build: { outDir, emptyOutDir: true, target: 'es2022' },
    })
    const files = new Map(
      readdirSync(outDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [join(entry.parentPath, entry.name).slice(outDir.length), new Uint8Array(readFileSync(join(entry.parentPath, entry.name)))]),
    )
    return (request) => {
      const { pathname } = new URL(request.url)
      const path = pathname === '/' ? '/index.html' : pathname
      const body = files.get(path)
      return body
        ? new Response(body, { headers: { 'content-type': TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream' } })
        : new Response(null, { status: 404 })
    }
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}
