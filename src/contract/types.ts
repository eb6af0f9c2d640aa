// The types that a contract gives to both sides: what the task may write, what a reader gets.
import type { Json, JsonObject } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import type { InputOf, OutputOf, Schema } from './standard-schema.ts'

/** The string keys of every member of a union. */
export type KeyOf<T> = T extends unknown ? Extract<keyof T, string> : never
/** What any member of a union has at a key. */
export type At<T, K> = T extends unknown ? (K extends keyof T ? Exclude<T[K], undefined> : never) : never

/** `T`, where all of it can be stored; what cannot (functions, symbols, bigints) is `never`. */
export type Storable<T> = T extends Json | undefined | { toJSON(): unknown }
  ? T
  : T extends ((...args: never[]) => unknown) | symbol | bigint
    ? never
    : { [K in keyof T]: Storable<T[K]> }
/** `T` as it comes back from the record: a Date is a string. */
export type Stored<T> = unknown extends T
  ? Json
  : T extends Json
    ? T
    : T extends { toJSON(): infer J }
      ? J
      : T extends object
        ? { readonly [K in keyof T]: Stored<T[K]> }
        : T

/** One schema per key. */
export type Shape = { readonly [key: string]: Schema }
/** One schema for the whole document, or one per key: then each key is judged alone, and is undefined until it is valid. */
export type MetadataSchema = Schema<unknown, object> | Shape

type Slot<S> = unknown extends InputOf<S> ? OutputOf<S> | undefined : undefined extends InputOf<S> ? OutputOf<S> : OutputOf<S> | undefined
/** What a reader gets. */
export type MetadataOf<M> = M extends Schema ? OutputOf<M> : { readonly [K in keyof M]: Slot<M[K]> }

// z.coerce and z.preprocess have no input type: one writes the output's
type Write<I, O> = unknown extends I ? O : I
type Document<I, O> = unknown extends I ? O : { [K in KeyOf<I>]: Write<At<I, K>, At<O, K>> }
/** What the task writes. */
export type MetadataInput<M> = M extends Schema ? Document<InputOf<M>, OutputOf<M>> : { [K in keyof M]: Write<InputOf<M[K]>, OutputOf<M[K]>> }

export interface RunContract<Id = string, P = Schema, M = MetadataSchema, S = Shape, O = Schema> {
  readonly id: Id
  readonly payload: P
  readonly metadata: M
  readonly streams: S
  readonly output: O
}

/** A contract's run as its readers see it: metadata and output parsed, the payload as stored. A condition, so that editors show what it comes to. */
export type RunOf<C extends RunContract> = C extends unknown
  ? Run<MetadataOf<C['metadata']> | undefined, OutputOf<C['output']>, Stored<InputOf<C['payload']>>>
  : never

export type LooseMetadata = Schema<JsonObject>
export type LooseValue = Schema<Json>
