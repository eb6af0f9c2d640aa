// Receives a file: bounded, written as it comes, checked when it is whole, and gone again when it is refused.
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { InvalidRequestError, RunfeedError } from 'runfeed'
import { checkCsv } from '../csv/check-csv.ts'
import { isEmpty, MAX_FILE_BYTES, tooManyBytes } from '../csv/limits.ts'
import { PART } from './data-folder.ts'

const MAX_NAME = 200

export interface Upload {
  /** What the sender calls it; never used as a path. */
  readonly name: string
  /** Its name in the folder. */
  readonly file: string
}

/** @throws RunfeedError `invalid_request`, `too_large` */
export async function receive(request: Request, folder: string): Promise<Upload> {
  const name = nameOf(request)
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > MAX_FILE_BYTES) throw new RunfeedError('too_large', tooManyBytes(name))
  const file = `${randomUUID()}.csv`
  // by another name until it is whole: what a server leaves that is stopped here, the next one deletes
  const path = join(folder, `${file}${PART}`)
  let bytes = 0
  const bounded = new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.length
      if (bytes > MAX_FILE_BYTES) done(new RunfeedError('too_large', tooManyBytes(name)))
      else done(null, chunk)
    },
  })
  try {
    if (request.body)
      await pipeline(Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]), bounded, createWriteStream(path, { flags: 'wx' }))
    if (bytes === 0) throw new InvalidRequestError(isEmpty(name))
    await checkCsv(path, name)
    await rename(path, join(folder, file))
  } catch (thrown) {
    await rm(path, { force: true })
    throw thrown
  }
  return { name, file }
}

/** The last part of a path, without what turns the text around it or a terminal obeys, cut between two characters. */
const nameIn = (path: string): string =>
  (path.split(/[/\\]/).at(-1) ?? '')
    .replaceAll(/[\p{Cc}\p{Bidi_C}]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME)
    .replace(/[\uD800-\uDBFF]$/, '')

function nameOf(request: Request): string {
  const header = request.headers.get('x-file-name')
  if (!header) throw new InvalidRequestError('name the file: send its name, URL-encoded, as x-file-name')
  try {
    return nameIn(decodeURIComponent(header)) || 'upload.csv'
  } catch {
    throw new InvalidRequestError('x-file-name is not URL-encoded')
  }
}
