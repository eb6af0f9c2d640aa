// Patches: RFC 6902 with add, remove and replace only. Made from operations, never by comparing documents; applied by the store.
import { InvalidOperationError } from './errors.ts'
import { isForbiddenName, isJsonArray, type Json } from './json.ts'
import { parsePointer } from './path.ts'

export type PatchOperation = { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json } | { readonly op: 'remove'; readonly path: string }
export type Patch = readonly PatchOperation[]

type Container = Json[] | { [key: string]: Json }

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
  checkOperation(operation)
  const tokens = parsePointer(operation.path)
  if (tokens.length === 0) {
    if (operation.op === 'remove') throw new InvalidOperationError(operation.path, 'the whole document cannot be removed')
    return operation.value
  }
  const newRoot = own(root, owned, operation)
  let parent = newRoot
  for (const token of tokens.slice(0, -1)) {
    const child = own(member(parent, token, operation), owned, operation)
    if (Array.isArray(parent)) parent[Number(token)] = child
    else parent[token] = child
    parent = child
  }
  const last = tokens[tokens.length - 1] as string
  if (Array.isArray(parent)) changeArray(parent, last, operation)
  else changeObject(parent, last, operation)
  return newRoot
}

/** A patch comes over the wire, where it has no type: what is skipped in silence here would be a document that drifts. */
function checkOperation(operation: PatchOperation): void {
  const { op, path } = operation
  if (op !== 'add' && op !== 'replace' && op !== 'remove') throw new InvalidOperationError(path, `${String(op)} is no operation of a patch`)
  if (op !== 'remove' && operation.value === undefined) throw new InvalidOperationError(path, `${op} has no value`)
}

function own(value: Json, owned: Set<object>, operation: PatchOperation): Container {
  if (typeof value !== 'object' || value === null) throw new InvalidOperationError(operation.path, 'a parent is not a container')
  if (owned.has(value)) return value as Container
  const copy: Container = isJsonArray(value) ? value.slice() : { ...value }
  owned.add(copy)
  return copy
}

function member(parent: Container, token: string, operation: PatchOperation): Json {
  if (Array.isArray(parent)) return parent[index(token, parent.length - 1, operation)] as Json
  if (!Object.hasOwn(parent, token)) throw new InvalidOperationError(operation.path, `there is no "${token}"`)
  return parent[token] as Json
}

function index(token: string, last: number, operation: PatchOperation): number {
  if (!/^(0|[1-9]\d*)$/.test(token) || Number(token) > last) throw new InvalidOperationError(operation.path, `${token} is no index here`)
  return Number(token)
}

function changeArray(array: Json[], token: string, operation: PatchOperation): void {
  switch (operation.op) {
    case 'add':
      if (token === '-') array.push(operation.value)
      else array.splice(index(token, array.length, operation), 0, operation.value)
      return
    case 'replace':
      array[index(token, array.length - 1, operation)] = operation.value
      return
    case 'remove':
      array.splice(index(token, array.length - 1, operation), 1)
      return
    default:
      operation satisfies never
  }
}

function changeObject(object: { [key: string]: Json }, token: string, operation: PatchOperation): void {
  if (isForbiddenName(token)) throw new InvalidOperationError(operation.path, `the name "${token}" is refused`)
  if (operation.op !== 'add' && !Object.hasOwn(object, token)) throw new InvalidOperationError(operation.path, `there is no "${token}"`)
  if (operation.op === 'remove') delete object[token]
  else object[token] = operation.value
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
