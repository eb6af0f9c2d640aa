// One shape for every failure: `{ error: { type, message, ... } }`, with the status that fits its type (RFC 9110, 15.5).
import { type ErrorBody, RunfeedError, toRunfeedError } from '../protocol/errors.ts'

const STATUS: { readonly [type: string]: number } = {
  invalid_request: 400,
  invalid_value: 400,
  invalid_operation: 400,
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
  canceled: 409,
  storage: 503,
  closed: 503,
  unavailable: 503,
}

export function errorResponse(thrown: unknown): Response {
  const error = toRunfeedError(thrown)
  const status = STATUS[error.type] ?? 500
  if (status === 500) console.error('runfeed: a request failed:', thrown)
  // what broke inside is for the log, not for the caller
  const body: ErrorBody = status === 500 ? { type: 'internal', message: 'the server failed; its log says why' } : error.toJSON()
  return Response.json({ error: body }, { status, headers: { 'cache-control': 'no-store', ...(status === 503 && { 'retry-after': '1' }) } })
}

export const notFound = (what: string): RunfeedError => new RunfeedError('not_found', `${what} does not exist`)
