// What the record refused, as the error that an own update throws where it is said: of another run's, only its engine's words come back.
import { type ErrorBody, fromErrorBody, InvalidOperationError, InvalidValueError, MetadataTooLargeError, type RunfeedError } from '../protocol/errors.ts'

/** Not in the protocol: there it would be in every page, which has nothing refused. */
export function refusalOf(body: ErrorBody): RunfeedError {
  const { type, message, key, path, size, limit } = body
  if (type === 'metadata_too_large' && typeof key === 'string' && typeof size === 'number' && typeof limit === 'number')
    return new MetadataTooLargeError(key, size, limit)
  if (type === 'invalid_operation' && typeof key === 'string') return new InvalidOperationError(key, reasonOf(key, message))
  if (type === 'invalid_value' && typeof path === 'string') return new InvalidValueError(path, reasonOf(path, message))
  // a newer server may refuse for reasons of its own
  return fromErrorBody(body)
}

/** The class says first where it is. */
const reasonOf = (place: string, message: string): string => (message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message)
