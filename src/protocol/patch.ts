// Patches: RFC 6902 with add, remove and replace only. Made from operations, never by comparing documents; applied by the store.
import { InvalidOperationError } from './errors.ts'
import { isForbiddenName, isJsonArray, type Json } from './json.ts'
import { parsePointer } from './path.ts'

export type PatchOperation = { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json } | { readonly op: 'remove'; readonly path: string }
export type Patch = readonly PatchOperation[]

/** An object by its names, or an array by its indexes. */
type Container = { [key: string | number]: Json }

/** Containers that nobody else has: they may be changed in place. A Set is one. */
export interface Owned {
  has(container: object): boolean
  add(container: object): unknown
}

/**
 * `document` with `patch` applied. Untouched subtrees keep their identity. A container is copied unless it is in `owned`, and joins it then:
 * so within one flush, for which the caller passes one set, each container is copied at most once. Values of the patch are taken as they are.
 * @throws InvalidOperationError when the patch does not fit the document (RFC 6902, 4).
 */
export function applyPatch(document: Json, patch: Patch, owned: Owned = new Set()): Json {
  let root = document
  // what changes together often stands together: the tokens of the operation before, and the containers that it led through, the root first
  let before: readonly string[] = []
  const way: Container[] = []
  for (const operation of patch) {
    const { path } = operation
    const value = valueOf(operation)
    const tokens = parsePointer(path)
    const last = tokens.length - 1
    if (last < 0) root = value === undefined ? refuse(path, 'the whole document cannot be removed') : value
    else {
      let depth = 0
      // an operation moves what is in its parent, never what is on the way there
      while (depth < last && depth < before.length - 1 && tokens[depth] === before[depth]) depth++
      if (before.length === 0) root = way[0] = own(root, owned, path)
      for (let parent = way[depth] as Container; depth < last; ) {
        const key = keyOf(parent, tokens[depth] as string, false, path)
        const child = parent[key] as Json
        const next = own(child, owned, path)
        if (next !== child) parent[key] = next
        way[++depth] = parent = next
      }
      change(way[last] as Container, tokens[last] as string, operation.op === 'add', value, path)
    }
    before = tokens
  }
  return root
}

/** What the operation sets; `undefined` where it removes. It came over the wire, where it has no type: what is skipped in silence is a document that drifts. */
function valueOf(operation: PatchOperation): Json | undefined {
  const { op, path } = operation
  if (op === 'remove') return undefined
  if (op !== 'add' && op !== 'replace') refuse(path, `${String(op)} is no operation of a patch`)
  return operation.value === undefined ? refuse(path, `${op} has no value`) : operation.value
}

function change(parent: Container, token: string, isAdded: boolean, value: Json | undefined, path: string): void {
  const key = keyOf(parent, token, isAdded, path)
  const isMoved = Array.isArray(parent) && (isAdded ? Number(key) < parent.length : value === undefined)
  if (isMoved) (parent as unknown as Json[]).splice(Number(key), isAdded ? 0 : 1, ...(value === undefined ? [] : [value]))
  else if (value === undefined) delete parent[key]
  else parent[key] = value
}

function refuse(path: string, why: string): never {
  throw new InvalidOperationError(path, why)
}

function own(value: Json, owned: Owned, path: string): Container {
  if (typeof value !== 'object' || value === null) refuse(path, 'a parent is not a container')
  if (owned.has(value)) return value as Container
  const copy = (isJsonArray(value) ? value.slice() : { ...value }) as Container
  owned.add(copy)
  return copy
}

/** A token as a key of its parent: of a member that is there or, where `isAdded`, may be new. */
function keyOf(parent: Container, token: string, isAdded: boolean, path: string): string | number {
  if (Array.isArray(parent)) {
    if (isAdded && token === '-') return parent.length
    const at = Number(token) >>> 0
    if (String(at) !== token || at >= parent.length + Number(isAdded)) refuse(path, `${token} is no index here`)
    return at
  }
  if (isAdded ? isForbiddenName(token) : !Object.hasOwn(parent, token)) refuse(path, isAdded ? `the name "${token}" is refused` : `there is no "${token}"`)
  return token
}

/**
 * The same effect in fewer operations: one is dropped when a later one sets the same path or an ancestor of it, and no operation between
 * them moves elements of an array at or above that path.
 */
export function coalescePatch(patch: Patch): Patch {
  if (patch.length < 2) return patch
  const kept: PatchOperation[] = []
  // paths that a later operation sets whole; cleared by what may move an index, because a path then means another place
  const setLater = new Set<string>()
  for (let i = patch.length - 1; i >= 0; i--) {
    const operation = patch[i] as PatchOperation
    if (isCovered(operation, setLater)) continue
    kept.push(operation)
    if (movesElements(operation)) setLater.clear()
    else if (operation.op !== 'remove') setLater.add(operation.path)
  }
  return kept.reverse()
}

/** Whether the operation may shift array elements: its last token could be an index. Object members named by digits only cost a chance to coalesce. */
const movesElements = (operation: PatchOperation): boolean => operation.op !== 'replace' && /\/(\d+|-)$/.test(operation.path)

function isCovered({ op, path }: PatchOperation, setLater: ReadonlySet<string>): boolean {
  if (setLater.size === 0) return false
  // at the very path only a `replace` gives way: an `add` is what makes the later `replace` valid, a `remove` what the later `add` follows
  if (op === 'replace' && setLater.has(path)) return true
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) if (setLater.has(path.slice(0, end))) return true
  return false
}
