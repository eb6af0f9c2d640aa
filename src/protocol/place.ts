// Where a key leads in a document as it is: how far its path is there, and what is at its end.
import { InvalidOperationError } from './errors.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './json.ts'
import { type Path, parseKey, type Segment } from './path.ts'

export interface Place {
  readonly path: Path
  /** How many segments are there. */
  readonly found: number
  /** What is at the path, when all of it is there. */
  readonly value: Json | undefined
}

/** @throws InvalidOperationError for a path that can neither be there nor be made */
export function placeOf(document: JsonObject, key: string): Place {
  const path = parseKey(key)
  let value: Json = document
  for (let found = 0; found < path.length; found++) {
    const child: Json | undefined = step(value, path, found, key)
    if (child === undefined) return { path, found, value: undefined }
    value = child
  }
  return { path, found: path.length, value }
}

/** What is at a path that is there. */
export function valueAt(document: JsonObject, path: Path): Json {
  let value: Json = document
  for (const segment of path) value = (value as { readonly [name: Segment]: Json })[segment] as Json
  return value
}

/** What is at a path, for who only reads: nothing where it does not lead anywhere. */
export function readAt(document: JsonObject, path: Path): Json | undefined {
  let value: Json | undefined = document
  for (const segment of path) {
    const holds = isJsonArray(value) ? typeof segment === 'number' : isJsonObject(value) && typeof segment === 'string'
    if (!holds || !Object.hasOwn(value as object, segment)) return undefined
    value = (value as { readonly [name: Segment]: Json })[segment]
  }
  return value
}

/** The child that the next segment names, `undefined` where it may still be made. */
function step(value: Json, path: Path, found: number, key: string): Json | undefined {
  const segment = path[found] as Segment
  const here = (): string => `$${path.slice(0, found).map(part).join('')}`
  if (isJsonArray(value)) {
    if (typeof segment !== 'number') throw new InvalidOperationError(key, `${here()} is an array; write ${here()}[0], not ${part(segment)}`)
    if (segment > value.length) throw new InvalidOperationError(key, `index ${segment} is beyond the length of ${here()}, ${value.length}`)
    return value[segment]
  }
  if (!isJsonObject(value)) throw new InvalidOperationError(key, `${here()} is ${value === null ? 'null' : `a ${typeof value}`} and has no ${part(segment)}`)
  if (typeof segment === 'number') throw new InvalidOperationError(key, `${here()} is an object; write ${here()}["${segment}"] for its member`)
  return Object.hasOwn(value, segment) ? value[segment] : undefined
}

const part = (segment: Segment): string =>
  typeof segment === 'number' ? `[${segment}]` : /^[\w-]+$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`
