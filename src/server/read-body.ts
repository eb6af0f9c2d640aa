// What a request says, bounded and checked: its JSON and its query.
import { z } from 'zod'
import { InvalidRequestError, RunfeedError, TooLargeError } from '../protocol/errors.ts'

/** Problems that one answer names: a body of a thousand bad items is not answered by a thousand sentences. */
const MAX_PROBLEMS = 10

/**
 * @param overNode - whether it comes from `node:http`, and nobody has read of it: the body then ends where `Content-Length` says.
 * @throws RunfeedError `unsupported_media_type`, TooLargeError, InvalidRequestError
 */
export async function readJson<T>(request: Request, schema: z.ZodType<T>, limit: number, overNode: boolean): Promise<T> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new RunfeedError('unsupported_media_type', 'send the body as application/json')
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity')
    throw new RunfeedError('unsupported_media_type', `send the body as it is, without content-encoding: ${encoding}`)
  return check(schema, parse(await readBytes(request, limit, overNode)))
}

/** @throws InvalidRequestError */
function parse(bytes: Uint8Array): unknown {
  let text: string
  try {
    // what is no UTF-8 would else be kept with its letters replaced
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new InvalidRequestError('the body is not UTF-8')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidRequestError('the body is not JSON')
  }
}

/**
 * The parameters that the schema knows; others are ignored, but for a schema that is closed.
 * @throws InvalidRequestError for one that is given twice: which one counts would be a guess.
 */
export function readQuery(url: string, schema: z.ZodType): { readonly [name: string]: string } {
  const { searchParams } = new URL(url)
  const isClosed = schema instanceof z.ZodObject && schema.def.catchall instanceof z.ZodNever
  const known = isClosed ? new Set(searchParams.keys()) : new Set(schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])
  return Object.fromEntries(
    [...known].flatMap((name): readonly [string, string][] => {
      const values = searchParams.getAll(name)
      if (values.length > 1) throw new InvalidRequestError(`${name}: it is given ${values.length} times; give it once`)
      return values.map((value) => [name, value])
    }),
  )
}

/** @param what - what an error calls the whole. @throws InvalidRequestError naming the fields; InvalidValueError for what JSON may not hold here */
export function check<T>(schema: z.ZodType<T>, value: unknown, what = 'body'): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { issues } = result.error
  const named = issues.slice(0, MAX_PROBLEMS).map(({ path, message }) => `${path.join('.').slice(0, 200) || what}: ${message}`)
  const rest = issues.length - named.length
  throw new InvalidRequestError([...named, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; '))
}

/** Stops reading at the limit, whatever `Content-Length` says. */
async function readBytes(request: Request, limit: number, overNode: boolean): Promise<Uint8Array> {
  const length = request.headers.get('content-length')
  const promised = Number(length ?? 0)
  if (promised > limit) throw new TooLargeError('the body', promised, limit)
  // `body` makes a stream, a second request and a signal, 6 kB that a feed would keep for as long as it is open
  if (overNode && length !== null && !request.headers.has('transfer-encoding')) return new Uint8Array(await request.arrayBuffer())
  if (!request.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength
    if (size > limit) throw new TooLargeError('the body', size, limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
