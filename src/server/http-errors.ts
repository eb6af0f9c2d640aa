// One shape for every failure: `{ error: { type, message, ... } }`, with the status that fits its type (RFC 9110, 15.5).
import { RequestError } from '@hono/node-server'
import { type ErrorBody, InvalidRequestError, RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'

const STATUS: { readonly [type: string]: number } = {
  invalid_request: 400,
  invalid_value: 400,
  invalid_operation: 400,
  unauthorized: 401,
  token_expired: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  run_ended: 409,
  stale_attempt: 409,
  version_gone: 410,
  too_large: 413,
  metadata_too_large: 413,
  unsupported_media_type: 415,
  unsupported_protocol: 426,
  too_many_requests: 429,
  canceled: 409,
  storage: 503,
  closed: 503,
  unavailable: 503,
}

export const statusOf = (type: string): number => STATUS[type] ?? 500

export function errorResponse(thrown: unknown): Response {
  const error = toRunfeedError(thrown)
  const status = statusOf(error.type)
  if (status === 500) console.error('runfeed: a request failed:', thrown)
  // what broke inside is for the log, not for the caller
  const body: ErrorBody = status === 500 ? { type: 'internal', message: 'the server failed; its log says why' } : shortened(error.toJSON())
  return Response.json({ error: body }, { status, headers: { 'cache-control': 'no-store', ...headersOf(status) } })
}

/** Also for what is no request to any route: a Host or an address that no URL can be made of. */
export const refusalOf = (thrown: unknown): Response =>
  errorResponse(thrown instanceof RequestError ? new InvalidRequestError(`the address of the request is none: ${thrown.message}`) : thrown)

/** UTF-16 units of what an error says back to who asked: a name of a megabyte is not sent twice. */
const MAX_TEXT = 1000

function shortened(body: ErrorBody): ErrorBody {
  const short = (value: Json | undefined): Json | undefined => (typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value)
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, short(value)])) as unknown as ErrorBody
}

/** What a status says beside its body (RFC 9110, 10.2.3 and 11.6.1). */
function headersOf(status: number): { readonly [name: string]: string } {
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  return status === 503 || status === 429 ? { 'retry-after': '1' } : {}
}

export const notFound = (what: string): RunfeedError => new RunfeedError('not_found', `${what} does not exist`)
