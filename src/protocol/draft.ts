// What operations do to a document, and the patch that says the same. The worker's local view and the engine both run this file, so the two
// cannot disagree. A container is copied at most once per draft, the size is kept by difference, and a refused operation leaves no trace.
import { InvalidOperationError, InvalidValueError, MetadataTooLargeError, RunfeedError } from './errors.ts'
import { isJsonArray, type Json, type JsonObject, jsonBytes, jsonDepth, jsonEqual } from './json.ts'
import { MAX_DEPTH, MAX_METADATA_BYTES } from './limits.ts'
import type { Operation } from './operation.ts'
import type { PatchOperation } from './patch.ts'
import { type Path, type Segment, toPointer } from './path.ts'
import { type Place, placeOf, valueAt } from './place.ts'

type Members = { [key: string]: Json }

/** A document with its size: bytes of its JSON in UTF-8. */
export interface SizedDocument {
  readonly document: JsonObject
  readonly bytes: number
}
export const sized = (document: JsonObject): SizedDocument => ({ document, bytes: jsonBytes(document) })

/** A change that is worked out but not made: so that a refusal costs nothing. */
interface Change {
  /** Bytes by which the document grows. */
  readonly grows: number
  make(): void
}

export class Draft {
  #document: JsonObject
  #bytes: number
  /** Bytes; a result over it is refused. */
  readonly limit: number
  readonly #prefix: string | null
  #owned: WeakSet<object>
  readonly #patch: PatchOperation[] = []

  /**
   * @param limit - bytes; a result over it is refused.
   * @param prefix - the pointer of the document in the record, for the patch; `null` where nobody wants one, and a long life would gather it.
   * @param owned - containers of the document that nobody else has: they are changed in place.
   */
  constructor(base: SizedDocument, limit: number = MAX_METADATA_BYTES, prefix: string | null = '/metadata', owned: WeakSet<object> = new WeakSet()) {
    this.#owned = owned
    this.#document = base.document
    this.#bytes = base.bytes
    this.limit = limit
    this.#prefix = prefix
  }

  /** The document as it is now. It changes in place with the next operation: take it when all are applied. */
  get result(): SizedDocument {
    return { document: this.#document, bytes: this.#bytes }
  }
  get bytes(): number {
    return this.#bytes
  }
  /** What the next draft of the result may change in place. */
  get owned(): WeakSet<object> {
    return this.#owned
  }
  /** What was done so far, over the record. Empty when nothing changed. */
  get patch(): readonly PatchOperation[] {
    return this.#patch
  }

  /**
   * Applies one operation.
   * @returns the reason when it is refused; the document is then as it was.
   */
  apply(operation: Operation): RunfeedError | undefined {
    try {
      const change = this.#plan(operation)
      if (!change) return undefined
      const size = this.#bytes + change.grows
      // what makes a document smaller is always welcome: a limit may have been lowered since
      if (size > this.limit && change.grows > 0) throw new MetadataTooLargeError(operation.op === 'replace' ? '$' : operation.key, size, this.limit)
      change.make()
      this.#bytes = size
      return undefined
    } catch (thrown) {
      if (thrown instanceof RunfeedError) return thrown
      throw thrown
    }
  }

  #plan(operation: Operation): Change | undefined {
    switch (operation.op) {
      case 'set':
        return this.#put(this.#find(operation.key), operation.key, operation.value)
      case 'delete':
        return this.#delete(operation.key)
      case 'append':
        return this.#append(operation.key, operation.value, operation.max)
      case 'remove':
        return this.#remove(operation.key, operation.value)
      case 'increment':
        return this.#increment(operation.key, operation.by)
      case 'replace':
        return this.#replace(operation.value)
      default:
        operation satisfies never
        throw new InvalidOperationError(String((operation as { op?: unknown }).op), 'is no operation')
    }
  }

  #find(key: string): Place {
    return placeOf(this.#document, key)
  }

  #put({ path, found, value: old }: Place, key: string, value: Json): Change | undefined {
    if (found === path.length) {
      if (jsonEqual(old, value)) return undefined
      checkDepth(path.length, value, key)
      return { grows: jsonBytes(value) - jsonBytes(old as Json), make: () => this.#write('replace', path, value) }
    }
    // what is missing is built around the value and added as one
    let built = value
    for (let at = path.length - 1; at > found; at--) {
      const segment = path[at] as Segment
      if (typeof segment === 'number' && segment > 0) throw new InvalidOperationError(key, `index ${segment} is beyond the length of a new array`)
      built = typeof segment === 'number' ? [built] : { [segment]: built }
    }
    checkDepth(found + 1, built, key)
    const last = path[found] as Segment
    const holder = valueAt(this.#document, path.slice(0, found))
    const comma = hasMembers(holder) ? 1 : 0
    const name = typeof last === 'number' ? 0 : jsonBytes(last) + 1
    return { grows: jsonBytes(built) + name + comma, make: () => this.#write('add', path.slice(0, found + 1), built) }
  }

  #delete(key: string): Change | undefined {
    const { path, found, value } = this.#find(key)
    if (found < path.length) return undefined
    const last = path[path.length - 1] as Segment
    const holder = valueAt(this.#document, path.slice(0, -1))
    const comma = hasMembers(holder, 2) ? 1 : 0
    const name = typeof last === 'number' ? 0 : jsonBytes(last) + 1
    return { grows: -(jsonBytes(value as Json) + name + comma), make: () => this.#write('remove', path) }
  }

  #append(key: string, value: Json, max: number | undefined): Change | undefined {
    if (max !== undefined && (!Number.isInteger(max) || max < 1)) throw new InvalidOperationError(key, `max is ${max}; it is a whole number from 1`)
    const place = this.#find(key)
    const { path, found, value: old } = place
    if (found < path.length) return this.#put(place, key, [value])
    if (!isJsonArray(old)) return this.#wrap(place, key, value, max)
    checkDepth(path.length + 1, value, key)
    const dropped = max === undefined ? [] : old.slice(0, Math.max(0, old.length + 1 - max))
    let grows = jsonBytes(value) + (old.length > 0 ? 1 : 0)
    for (const item of dropped) grows -= jsonBytes(item) + 1
    return {
      grows,
      make: () => {
        const array = this.#own(path) as Json[]
        array.push(value)
        this.#note('add', [...path, '-'], value)
        if (dropped.length === 0) return
        array.splice(0, dropped.length)
        for (const _ of dropped) this.#note('remove', [...path, 0])
      },
    }
  }

  /** What is there becomes the first of two elements. */
  #wrap(place: Place, key: string, value: Json, max: number | undefined): Change | undefined {
    const change = this.#put(place, key, max === 1 ? [value] : [place.value as Json, value])
    return (
      change && {
        ...change,
        make: () => {
          change.make()
          // what was there is in the patch now: changed in place, it would change what the patch says
          this.#owned = new WeakSet()
        },
      }
    )
  }

  #remove(key: string, value: Json): Change | undefined {
    const { path, found, value: old } = this.#find(key)
    if (found < path.length || !isJsonArray(old)) return undefined
    const equal = old.flatMap((item, index) => (jsonEqual(item, value) ? [index] : []))
    if (equal.length === 0) return undefined
    let grows = equal.length === old.length ? 1 : 0
    for (const index of equal) grows -= jsonBytes(old[index] as Json) + 1
    return {
      grows,
      make: () => {
        const array = this.#own(path) as Json[]
        // from the end, so that no index moves before it is used
        for (const index of equal.reverse()) {
          array.splice(index, 1)
          this.#note('remove', [...path, index])
        }
      },
    }
  }

  #increment(key: string, by: number): Change | undefined {
    if (!Number.isFinite(by)) throw new InvalidValueError(key, `${by} cannot be added; pass a finite number`)
    const place = this.#find(key)
    return this.#put(place, key, addNumbers(typeof place.value === 'number' ? place.value : 0, by, key))
  }

  #replace(value: JsonObject): Change | undefined {
    if (jsonEqual(this.#document, value)) return undefined
    checkDepth(0, value, '$')
    return {
      grows: jsonBytes(value) - this.#bytes,
      make: () => {
        this.#document = value
        this.#note('replace', [], value)
      },
    }
  }

  #write(op: 'add' | 'replace' | 'remove', path: Path, value?: Json): void {
    const holder = this.#own(path.slice(0, -1))
    const last = path[path.length - 1] as Segment
    if (value === undefined) {
      if (Array.isArray(holder)) holder.splice(Number(last), 1)
      else delete holder[last]
      this.#note('remove', path)
      return
    }
    if (Array.isArray(holder)) holder[Number(last)] = value
    else holder[last] = value
    this.#note(op, path, value)
  }

  /** The container at a path, copied once per draft with all that lead to it. */
  #own(path: Path): Json[] | Members {
    let container = this.#copyOnce(this.#document) as Members | Json[]
    this.#document = container as JsonObject
    for (const segment of path) {
      const child = this.#copyOnce((container as Members)[segment] as Json)
      ;(container as Members)[segment] = child as Json
      container = child
    }
    return container
  }

  #copyOnce(value: Json): Json[] | Members {
    if (this.#owned.has(value as object)) return value as Json[] | Members
    const copy = isJsonArray(value) ? value.slice() : { ...(value as JsonObject) }
    this.#owned.add(copy)
    return copy
  }

  #note(op: PatchOperation['op'], path: Path, value?: Json): void {
    if (this.#prefix === null) return
    const pointer = this.#prefix + toPointer(path)
    this.#patch.push(op === 'remove' || value === undefined ? { op: 'remove', path: pointer } : { op, path: pointer, value })
  }
}

/** `by` added to `from`: exact for whole numbers, else rounded to 15 significant digits, so that 0.5 - 0.4 is 0.1. */
export function addNumbers(from: number, by: number, key: string): number {
  const sum = from + by
  if (!Number.isFinite(sum)) throw new InvalidOperationError(key, `${from} + ${by} is not finite`)
  if (Number.isInteger(from) && Number.isInteger(by)) return sum
  const rounded = Number(sum.toPrecision(15))
  // next to the largest number, rounding up leads out of what is finite
  return Number.isFinite(rounded) ? rounded : sum
}

function checkDepth(containersAbove: number, value: Json, key: string): void {
  if (containersAbove + jsonDepth(value) > MAX_DEPTH) throw new InvalidOperationError(key, `nested deeper than ${MAX_DEPTH} levels`)
}

/** Whether a container has at least `n` members, without counting them all. */
function hasMembers(container: Json, n = 1): boolean {
  if (isJsonArray(container)) return container.length >= n
  let left = n
  for (const _ in container as JsonObject) if (--left === 0) return true
  return false
}
