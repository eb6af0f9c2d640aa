// Receives a file: bounded, written as it comes, and gone again when it is refused.
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { InvalidRequestError, TooLargeError } from 'runfeed'

export const MAX_UPLOAD_BYTES: number = 10 * 1024 * 1024
const MAX_NAME = 200

export interface Upload {
  /** What the sender calls it; never used as a path. */
  readonly name: string
  /** Its name in the folder. */
  readonly file: string
}

/** @throws InvalidRequestError, TooLargeError */
export async function receive(request: Request, folder: string): Promise<Upload> {
  const name = nameOf(request)
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > MAX_UPLOAD_BYTES) throw tooLarge(name, announced)
  const file = `${randomUUID()}.csv`
  const path = join(folder, file)
  let bytes = 0
  const bounded = new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.length
      if (bytes > MAX_UPLOAD_BYTES) done(tooLarge(name, bytes))
      else done(null, chunk)
    },
  })
  try {
    if (request.body)
      await pipeline(Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]), bounded, createWriteStream(path, { flags: 'wx' }))
    if (bytes === 0) throw new InvalidRequestError(`${name} is empty; choose a CSV file with a header line`)
  } catch (thrown) {
    await rm(path, { force: true })
    throw thrown
  }
  return { name, file }
}

function nameOf(request: Request): string {
  const header = request.headers.get('x-file-name')
  if (!header) throw new InvalidRequestError('name the file: send its name, URL-encoded, as x-file-name')
  try {
    return decodeURIComponent(header).split(/[/\\]/).at(-1)?.trim().slice(0, MAX_NAME) || 'upload.csv'
  } catch {
    throw new InvalidRequestError('x-file-name is not URL-encoded')
  }
}

const tooLarge = (name: string, size: number): TooLargeError => new TooLargeError(name, size, MAX_UPLOAD_BYTES)
