// Patches: RFC 6902 with add, remove and replace only. Made from operations, never by comparing documents; applied by the store.
import { InvalidOperationError } from './errors.ts'
import { isForbiddenName, isJsonArray, type Json } from './json.ts'
import { parsePointer } from './path.ts'

export type PatchOperation = { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json } | { readonly op: 'remove'; readonly path: string }
export type Patch = readonly PatchOperation[]

/** An object by its names, or an array by its indexes. */
type Container = { [key: string | number]: Json }

/**
 * `document` with `patch` applied. Untouched subtrees keep their identity. A container is copied unless it is in `owned`, and joins it then:
 * so within one flush, for which the caller passes one set, each container is copied at most once. Values of the patch are taken as they are.
 * @throws InvalidOperationError when the patch does not fit the document (RFC 6902, 4).
 */
export function applyPatch(document: Json, patch: Patch, owned: Set<object> = new Set()): Json {
  let root = document
  for (const operation of patch) root = applyOne(root, operation, owned)
  return root
}

function applyOne(root: Json, operation: PatchOperation, owned: Set<object>): Json {
  const { op, path } = operation
  const isAdded = op === 'add'
  const value = op === 'remove' ? undefined : operation.value
  // a patch comes over the wire, where it has no type: what is skipped in silence here would be a document that drifts
  if (!isAdded && op !== 'replace' && op !== 'remove') refuse(path, `${String(op)} is no operation of a patch`)
  const tokens = parsePointer(path)
  const last = tokens.at(-1)
  if (op !== 'remove' && value === undefined) refuse(path, `${op} has no value`)
  if (last === undefined) return value === undefined ? refuse(path, 'the whole document cannot be removed') : value
  const newRoot = own(root, owned, path)
  let parent = newRoot
  for (let at = 0; at < tokens.length - 1; at++) {
    const token = tokens[at] as string
    const key = keyOf(parent, token, false, path)
    parent = parent[key] = own(parent[key] as Json, owned, path)
  }
  const key = keyOf(parent, last, isAdded, path)
  const isMoved = Array.isArray(parent) && (isAdded ? Number(key) < parent.length : value === undefined)
  if (isMoved) (parent as unknown as Json[]).splice(Number(key), isAdded ? 0 : 1, ...(value === undefined ? [] : [value]))
  else if (value === undefined) delete parent[key]
  else parent[key] = value
  return newRoot
}

function refuse(path: string, why: string): never {
  throw new InvalidOperationError(path, why)
}

function own(value: Json, owned: Set<object>, path: string): Container {
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
