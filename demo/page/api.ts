// The two requests that are the demo's own. Everything else is runfeed's client.
import { RunfeedError, type RunHandle } from 'runfeed'
import { isEmpty, MAX_FILE_BYTES, tooManyBytes } from '../csv/limits.ts'

/** @throws Error, one sentence for the reader */
export async function upload(file: File): Promise<RunHandle> {
  // the server says the same, but only after it was sent
  if (file.size === 0) throw new Error(isEmpty(file.name))
  if (file.size > MAX_FILE_BYTES) throw new Error(tooManyBytes(file.name))
  return await post('/upload', file, { 'x-file-name': encodeURIComponent(file.name), 'content-type': 'text/csv' })
}

export const startSample = async (): Promise<RunHandle> => await post('/sample', null, {})

/** A connection may be cut before the answer is here. */
const ATTEMPTS = 3
/** A server of this machine takes 10 MB in a second or two. */
const ANSWER_MS = 15_000

async function post(path: string, body: Blob | null, named: { readonly [name: string]: string }): Promise<RunHandle> {
  // by its id the server knows what it has begun already
  const headers = { ...named, 'x-runfeed-demo': '1', 'x-upload-id': crypto.randomUUID() }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const answer = await ask(path, { method: 'POST', body, headers })
    if (answer?.id !== undefined) return { id: answer.id }
    if (answer?.problem !== undefined) throw new Error(answer.problem)
  }
  throw new UnreachableError(UNREACHABLE)
}

/** @returns `undefined` where no answer came, or half of one. */
async function ask(path: string, init: RequestInit): Promise<{ readonly id?: string; readonly problem?: string } | undefined> {
  let response: Response
  let text: string
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(ANSWER_MS) })
    text = await response.text()
  } catch (thrown) {
    // not tried again: who waits for a server that hangs is told so once
    if (thrown instanceof DOMException && thrown.name === 'TimeoutError') return { problem: NO_ANSWER }
    return undefined
  }
  try {
    const { id, error } = JSON.parse(text) as { readonly id?: string; readonly error?: { readonly message?: string } }
    if (response.ok && id !== undefined) return { id }
    return { problem: error?.message ?? `the server answered ${response.status}` }
  } catch {
    return { problem: `the server answered ${response.status}` }
  }
}

const NO_ANSWER = `The server has not answered for ${ANSWER_MS / 1000} s. Whether the import began, the list shows once it answers again.`
const UNREACHABLE = 'The server cannot be reached. Is it running?'

class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** Whether it says no more than that the server was away. */
export const isUnreachable = (thrown: unknown): boolean =>
  thrown instanceof UnreachableError || (thrown instanceof RunfeedError && thrown.type === 'connection')

export const messageOf = (thrown: unknown): string => (isUnreachable(thrown) ? UNREACHABLE : thrown instanceof Error ? thrown.message : String(thrown))
