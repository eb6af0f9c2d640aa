// What the demo answers outside of /v1: its page, an upload, the sample, who it is. The server has already refused foreign hosts and origins.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RunfeedError, type RunHandle } from 'runfeed'
import type { PageFile } from './page.ts'
import type { Imports } from './imports.ts'
import { receive } from './upload.ts'

export interface DemoRoutes {
  readonly page: ReadonlyMap<string, PageFile>
  readonly uploads: string
  readonly imports: Imports
  /** The data folder, by its real path. */
  readonly data: string
}

/** A page of another site cannot send it without being asked for by name, which we never answer. */
const HEADER = 'x-runfeed-demo'

const STATUS: { readonly [type: string]: number } = { invalid_request: 400, forbidden: 403, not_found: 404, method_not_allowed: 405, too_large: 413 }

export function demoRoutes(routes: DemoRoutes): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await answer(request, routes)
    } catch (thrown) {
      if (!(thrown instanceof RunfeedError)) throw thrown
      return Response.json({ error: thrown.toJSON() }, { status: STATUS[thrown.type] ?? 500, headers: { 'cache-control': 'no-store' } })
    }
  }
}

async function answer(request: Request, { page, uploads, imports, data }: DemoRoutes): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/upload' || pathname === '/sample') {
    if (request.method !== 'POST') throw new RunfeedError('method_not_allowed', `${pathname} takes POST`)
    if (!request.headers.has(HEADER)) throw new RunfeedError('forbidden', `send the header ${HEADER}: 1, so that no other site can start an import here`)
    const uploadId = request.headers.get('x-upload-id') ?? undefined
    const handle = pathname === '/sample' ? (await imports.begin(SAMPLE, uploadId)).handle : await importUpload(request, uploadId, uploads, imports)
    return Response.json(handle, { status: 201 })
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new RunfeedError('method_not_allowed', `${pathname} takes GET`)
  if (pathname === '/demo') return Response.json({ ...DEMO, data }, { headers: { 'cache-control': 'no-store' } })
  const file = page.get(pathname === '/' ? '/index.html' : pathname)
  if (!file) throw new RunfeedError('not_found', `${pathname} does not exist`)
  return new Response(request.method === 'HEAD' ? null : file.body, { headers: { ...file.headers } })
}

/** What no import is made of is not kept. */
async function importUpload(request: Request, uploadId: string | undefined, folder: string, imports: Imports): Promise<RunHandle> {
  const upload = await receive(request, folder)
  let isUsed = false
  try {
    const { handle, isNew } = await imports.begin(upload, uploadId)
    isUsed = isNew
    return handle
  } finally {
    if (!isUsed) await rm(join(folder, upload.file), { force: true })
  }
}

/** How a terminal that looks for a demo knows one. */
export const DEMO = { demo: 'runfeed' } as const
export const SAMPLE = { name: 'airports.csv', file: 'sample' } as const
