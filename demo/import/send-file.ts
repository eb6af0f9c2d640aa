// Sends the file, as often as it takes: the upload has a name, so that the server begins one import however often it hears of it.
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { ServerGoneError } from './server-gone.ts'

const ATTEMPT_MS = 30_000
const RETRY_MS = 100

/**
 * @param giveUp - ms that a server may be away.
 * @returns the id of the import's run.
 * @throws Error with the server's own sentence when it refuses the file; ServerGoneError
 */
export async function sendFile(url: string, path: string, name: string, giveUp: number): Promise<string> {
  const body = await readFile(path)
  const headers = { 'x-runfeed-demo': '1', 'x-file-name': encodeURIComponent(name), 'x-upload-id': randomUUID(), 'content-type': 'text/csv' }
  for (const until = Date.now() + giveUp; ; await setTimeout(RETRY_MS)) {
    const answer = await attempt(url, body, headers)
    if (answer.id !== undefined) return answer.id
    if (answer.refused !== undefined) throw new Error(answer.refused)
    if (Date.now() > until) throw new ServerGoneError(url, giveUp, 'whether the import began is not known')
  }
}

interface Answer {
  readonly id?: string
  /** Why the server will not have it. Neither this nor an id: no answer came through. */
  readonly refused?: string
}

async function attempt(url: string, body: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>): Promise<Answer> {
  try {
    const response = await fetch(`${url}/upload`, { method: 'POST', body, headers, signal: AbortSignal.timeout(ATTEMPT_MS) })
    const { id, error } = JSON.parse(await response.text()) as { readonly id?: string; readonly error?: { readonly message?: string } }
    if (response.ok && id !== undefined) return { id }
    return response.status < 500 ? { refused: error?.message ?? `the server answered ${response.status}` } : {}
  } catch {
    return {}
  }
}
