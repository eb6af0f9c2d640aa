// JSON values: the types, what is accepted as one, how large its text is. Everything that enters the record passes `toJson`.
import { InvalidValueError } from './errors.ts'
import { MAX_DEPTH } from './limits.ts'

/** What JSON holds (RFC 8259). */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }

/** Names that would reach an object's prototype; refused in keys, paths and values alike. */
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
export const isForbiddenName = (name: string): boolean => FORBIDDEN.has(name)

export const isJsonObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
/** `Array.isArray` narrows a readonly array badly; this one keeps the element type. */
export const isJsonArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/**
 * A copy of `value` that JSON can hold: members that are `undefined` are dropped, -0 is 0, `toJSON` is honoured on Date and URL alone.
 * @throws InvalidValueError naming the path of what cannot be stored (functions, symbols, bigints, NaN, class instances, cycles, forbidden names).
 */
export function toJson(value: unknown, path = '$'): Json {
  return copy(value, path, 0)
}

function copy(value: unknown, path: string, depth: number): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new InvalidValueError(path, `${value} is not a JSON number`)
      return value === 0 ? 0 : value
    case 'object':
      break
    case 'undefined':
      throw new InvalidValueError(path, 'undefined cannot be stored; use del() to remove a key')
    default:
      throw new InvalidValueError(path, `a ${typeof value} cannot be stored; pass what JSON holds`)
  }
  if (value === null) return null
  // a cycle ends here too: it is deeper than anything that may be stored
  if (depth >= MAX_DEPTH) throw new InvalidValueError(path, `nested deeper than ${MAX_DEPTH} levels, or in a circle`)
  if (Array.isArray(value)) return value.map((item: unknown, index) => (item === undefined ? null : copy(item, `${path}[${index}]`, depth + 1)))
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new InvalidValueError(path, 'an invalid Date cannot be stored')
    return value.toISOString()
  }
  if (typeof URL !== 'undefined' && value instanceof URL) return value.href
  const prototype: unknown = Object.getPrototypeOf(value)
  // a plain object of another realm (a test's, a vm's) has a prototype whose own prototype is null
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const name = (prototype as { constructor?: { name?: string } }).constructor?.name ?? 'class'
    throw new InvalidValueError(path, `an instance of ${name} cannot be stored; pass a plain object`)
  }
  const out: Record<string, Json> = {}
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member === undefined) continue
    if (isForbiddenName(key)) throw new InvalidValueError(`${path}.${key}`, `the name "${key}" is refused`)
    out[key] = copy(member, `${path}.${key}`, depth + 1)
  }
  return out
}

/** UTF-8 bytes of a string. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    // a surrogate pair is two units and four bytes: two more than its units
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/** UTF-8 bytes of the JSON text of `value`. */
export const jsonBytes = (value: Json): number => utf8Length(JSON.stringify(value))

/** Deep equality of JSON values; the order of an object's members does not count. */
export function jsonEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isJsonArray(a)) return isJsonArray(b) && a.length === b.length && a.every((item, i) => jsonEqual(item, b[i]))
  if (isJsonArray(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEqual((a as JsonObject)[key], (b as JsonObject)[key]))
}

/** Levels of containers in `value`: 0 for a scalar, 1 for `{}`. */
export function jsonDepth(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let deepest = 0
  for (const child of isJsonArray(value) ? value : Object.values(value)) deepest = Math.max(deepest, jsonDepth(child))
  return deepest + 1
}
