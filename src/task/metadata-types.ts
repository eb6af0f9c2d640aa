// The types of `metadata`: loose by default, typed by a contract with `of`. Paths (`$.a.b`) are not typed.
import type { InputOf } from '../contract/standard-schema.ts'
import type { At, KeyOf, MetadataInput, RunContract, Storable, Stored } from '../contract/types.ts'
import type { Json } from '../protocol/json.ts'

/** The keys whose value can be a `V`, and every path. */
export type Key<W, V> = { [K in KeyOf<W>]: unknown extends At<W, K> ? K : [Extract<At<W, K>, V>] extends [never] ? never : K }[KeyOf<W>] | `$.${string}`
export type Value<W, K> = K extends KeyOf<W> ? At<W, K> : unknown
type Element<W, K> = Value<W, K> extends readonly (infer E)[] ? E : unknown
export type Chunks<C extends RunContract> = { [K in keyof C['streams']]: InputOf<C['streams'][K]> }

/** Every update is synchronous, does not block, and returns the updater, so that calls chain. Outside a run it does nothing. */
export interface MetadataUpdater<W = Record<string, unknown>, S = Record<string, unknown>> {
  /** Sets a key, or a path; parents that are missing are made. @throws InvalidValueError, InvalidOperationError, MetadataTooLargeError */
  set<K extends Key<W, unknown>, V extends Value<W, K>>(key: K, value: V & Storable<V>): this
  /** Removes a key. */
  del(key: Key<W, unknown>): this
  /** Appends one element. A missing key becomes an array, a scalar its first element. `max` keeps the last n. */
  append<K extends Key<W, readonly unknown[]>, V extends Element<W, K>>(key: K, value: V & Storable<V>, options?: { readonly max?: number }): this
  /** Removes every element that is deeply equal. */
  remove<K extends Key<W, readonly unknown[]>, V extends Element<W, K>>(key: K, value: V & Storable<V>): this
  /** Adds to a number; a missing one counts from 0. @param by - @defaultValue 1 */
  increment(key: Key<W, number>, by?: number): this
  /** @param by - @defaultValue 1 */
  decrement(key: Key<W, number>, by?: number): this
  /** Replaces the whole document. */
  replace<V extends Partial<W>>(metadata: V & Storable<V>): this
  /**
   * Captures a stream of values: each chunk is in the run's record, live for everybody who reads it, whether or not the returned stream is read.
   * @returns a stream that reads from the record. An error of the source ends it as errored, and reaches its reader.
   */
  stream<K extends KeyOf<S>, T extends At<S, K>>(key: K, source: AsyncIterable<T> | ReadableStream<T>): Promise<AsyncIterable<T>>
}

/** Adds `of(contract)`, which types what follows. */
export type Typed<U> = U & {
  of<C extends RunContract>(
    contract: C,
  ): U extends Metadata ? Metadata<MetadataInput<C['metadata']>, Chunks<C>> : MetadataUpdater<MetadataInput<C['metadata']>, Chunks<C>>
}

export interface Metadata<W = Record<string, unknown>, S = Record<string, unknown>> extends MetadataUpdater<W, S> {
  /** The value of a key, as stored: a Date is a string. `undefined` outside a run. */
  get<K extends KeyOf<W>>(key: K): Stored<At<W, K>> | undefined
  /** What is at a path, as in `$.user.name`; `undefined` where it leads nowhere. @throws InvalidOperationError for what is no path */
  get(path: `$.${string}`): Json | undefined
  /** The whole document, as stored; `undefined` outside a run. */
  current(): Stored<Partial<W>> | undefined
  /** Resolves when everything said before is durable. @throws what the record refused since the last flush */
  flush(): Promise<void>
  /** Reads the record anew, for what others wrote to it. Own updates that are still on their way stay on top. @throws ConnectionError */
  refresh(): Promise<void>
  /** Writes to the run that triggered this one; on a root run, to the run itself. */
  readonly parent: Typed<MetadataUpdater>
  /** Writes to the run that was triggered from outside. */
  readonly root: Typed<MetadataUpdater>
}
