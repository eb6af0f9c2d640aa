// The two requests that are the demo's own. Everything else is runfeed's client.
import { RunfeedError, type RunHandle } from 'runfeed'

const MAX_UPLOAD_BYTES = 10 * 1024 * 1024

/** @throws Error, one sentence for the reader */
export async function upload(file: File): Promise<RunHandle> {
  // the server says the same, but only after it was sent
  if (file.size === 0) throw new Error(`${file.name} is empty; choose a CSV file with a header line`)
  if (file.size > MAX_UPLOAD_BYTES) throw new Error(`${file.name} is larger than 10 MB; split it`)
  return await post('/upload', file, { 'x-file-name': encodeURIComponent(file.name), 'content-type': 'text/csv' })
}

export const startSample = async (): Promise<RunHandle> => await post('/sample', null, {})

async function post(path: string, body: Blob | null, headers: { readonly [name: string]: string }): Promise<RunHandle> {
  let response: Response
  try {
    response = await fetch(path, { method: 'POST', body, headers: { ...headers, 'x-runfeed-demo': '1' } })
  } catch {
    throw new Error(UNREACHABLE)
  }
  const answer = (await response.json().catch(() => undefined)) as ({ error?: { message?: string } } & Partial<RunHandle>) | undefined
  if (!response.ok || answer?.id === undefined) throw new Error(answer?.error?.message ?? `the server answered ${response.status}`)
  return { id: answer.id }
}

const UNREACHABLE = 'The server cannot be reached. Is it running?'

export const messageOf = (thrown: unknown): string =>
  thrown instanceof RunfeedError && thrown.type === 'connection' ? UNREACHABLE : thrown instanceof Error ? thrown.message : String(thrown)
