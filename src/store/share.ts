// Structural sharing: a new value is told in the old one's objects as far as the two are equal, so that `===` says what changed.

/**
 * `next`, with every subtree that deep-equals the one at its place in `old` replaced by that one; `old` itself when all is equal.
 * Neither is changed. Only arrays and plain objects are looked into; anything else counts by identity.
 */
export function shareEqual<T>(old: unknown, next: T): T {
  if (Object.is(old, next) || !isContainer(old) || !isContainer(next) || Array.isArray(old) !== Array.isArray(next)) return next
  const keys = Object.keys(next)
  let isEqual = keys.length === Object.keys(old).length
  const copy = (Array.isArray(next) ? next.slice() : { ...next }) as Container
  for (const key of keys) {
    const isThere = Object.hasOwn(old, key)
    if (isThere) copy[key] = shareEqual(old[key], next[key])
    if (!isThere || !Object.is(copy[key], old[key])) isEqual = false
  }
  return (isEqual ? old : copy) as T
}

/** An array has its elements by the text of their indexes, as an object has its members. */
interface Container {
  [key: string]: unknown
}
function isContainer(value: unknown): value is Container {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
