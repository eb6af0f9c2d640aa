// Operations: what a worker says about a run's metadata. What they do is in draft.ts.
import type { Json, JsonObject } from './json.ts'

/** `key` is a literal top-level key, or a path that begins with `$.` (see path.ts). */
export type Operation =
  | { readonly op: 'set'; readonly key: string; readonly value: Json }
  | { readonly op: 'delete'; readonly key: string }
  /** `max` keeps the last n elements. */
  | { readonly op: 'append'; readonly key: string; readonly value: Json; readonly max?: number }
  | { readonly op: 'remove'; readonly key: string; readonly value: Json }
  | { readonly op: 'increment'; readonly key: string; readonly by: number }
  | { readonly op: 'replace'; readonly value: JsonObject }
