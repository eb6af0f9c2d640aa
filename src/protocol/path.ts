// Where an operation points: a literal top-level key, or a path that begins with `$.`: names, ["quoted names"] and [indexes].
// And RFC 6901 pointers, in which patches say the same.
import { InvalidOperationError } from './errors.ts'
import { isForbiddenName } from './json.ts'
import { MAX_DEPTH } from './limits.ts'

/** A member's name, or an index. */
export type Segment = string | number
export type Path = readonly Segment[]

const PART = /\.([^.[\]"]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y

/**
 * The path of a key: `a.b` is the top-level key "a.b", `$.a.b` is member b of a.
 * @throws InvalidOperationError for wildcards, forbidden names, and text that is no path.
 */
export function parseKey(key: string): Path {
  if (!key.startsWith('$.') && !key.startsWith('$[')) return [checkName(key, key)]
  const path: Segment[] = []
  PART.lastIndex = 1
  while (PART.lastIndex < key.length) {
    const at = PART.lastIndex
    const match = PART.exec(key)
    // between quotes a star is a star
    if (match?.[1]?.includes('*') || key.startsWith('[*]', at)) throw new InvalidOperationError(key, 'wildcards are not supported; name each member')
    if (!match) throw new InvalidOperationError(key, `not a path at position ${at}; write $.name, $["a name"] or $.list[0]`)
    if (match[2] !== undefined) path.push(Number(match[2]))
    else path.push(checkName(match[1] ?? unquote(key, match[3] as string), key))
  }
  if (path.length > MAX_DEPTH) throw new InvalidOperationError(key, `deeper than ${MAX_DEPTH} levels`)
  if (typeof path[0] === 'number') throw new InvalidOperationError(key, 'metadata is an object; a path begins with a name')
  return path
}

function unquote(key: string, quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw new InvalidOperationError(key, `${quoted} is no quoted name`)
  }
}

function checkName(name: string, key: string): string {
  if (isForbiddenName(name)) throw new InvalidOperationError(key, `the name "${name}" is refused`)
  return name
}

const escape = (segment: Segment): string => String(segment).replaceAll('~', '~0').replaceAll('/', '~1')
/** The RFC 6901 pointer of a path. */
export const toPointer = (path: Path): string => path.map((segment) => `/${escape(segment)}`).join('')

/** Patches of one document point to the same few places again and again. */
const parsed = new Map<string, readonly string[]>()
const MAX_PARSED = 1000
/** Memory is bounded, whatever a server sends. */
const MAX_PARSED_LENGTH = 200

/**
 * The reference tokens of an RFC 6901 pointer; an index stays a string, as the pointer does not say which it is.
 * @throws InvalidOperationError when it is no pointer.
 */
export function parsePointer(pointer: string): readonly string[] {
  let tokens: readonly string[] | undefined = parsed.get(pointer)
  if (tokens) return tokens
  const [before, ...escaped] = pointer.split('/')
  if (before !== '' || /~(?![01])/.test(pointer)) throw new InvalidOperationError(pointer, 'not a JSON pointer')
  tokens = escaped.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (parsed.size >= MAX_PARSED) parsed.clear()
  if (pointer.length < MAX_PARSED_LENGTH) parsed.set(pointer, tokens)
  return tokens
}
