// A request's JSON, bounded and checked.
import type { z } from 'zod'
import { InvalidRequestError, RunfeedError, TooLargeError } from '../protocol/errors.ts'

/** @throws RunfeedError `unsupported_media_type`, TooLargeError, InvalidRequestError */
export async function readJson<T>(request: Request, schema: z.ZodType<T>, limit: number): Promise<T> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new RunfeedError('unsupported_media_type', 'send the body as application/json')
  const text = await readText(request, limit)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InvalidRequestError('the body is not JSON')
  }
  return check(schema, value)
}

/** @throws InvalidRequestError naming the fields */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new InvalidRequestError(result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '))
}

/** Stops reading at the limit, whatever `Content-Length` says. */
async function readText(request: Request, limit: number): Promise<string> {
  if (!request.body) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength
    if (size > limit) throw new TooLargeError('the body', size, limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
