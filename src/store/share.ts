// Structural sharing: a new value is told in the old one's objects as far as the two are equal, so that `===` says what changed.

/**
 * `next`, with every subtree that deep-equals the one at its place in `old` replaced by that one; `old` itself when all is equal.
 * Neither is changed. Only arrays and plain objects are looked into; anything else counts by identity.
 */
export function shareEqual<T>(old: unknown, next: T): T {
  if (Object.is(old, next)) return next
  if (Array.isArray(next)) {
    if (!Array.isArray(old)) return next
    let equal = old.length === next.length
    const copy = next.map((item: unknown, index) => {
      const shared = shareEqual<unknown>(old[index], item)
      if (!Object.is(shared, old[index])) equal = false
      return shared
    })
    return (equal ? old : copy) as T
  }
  if (!isPlain(next) || !isPlain(old)) return next
  const keys = Object.keys(next)
  let equal = keys.length === Object.keys(old).length
  const copy: { [key: string]: unknown } = { ...next }
  for (const key of keys) {
    const there = Object.hasOwn(old, key)
    const shared = there ? shareEqual(old[key], next[key]) : next[key]
    if (!there || !Object.is(shared, old[key])) equal = false
    copy[key] = shared
  }
  return (equal ? old : copy) as T
}

function isPlain(value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
