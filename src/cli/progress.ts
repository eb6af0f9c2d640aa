// How far a run is, where its metadata says so: by the keys that are named, else by the names that such keys usually have.
import type { Command } from 'commander'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../protocol/json.ts'
import { parseKey } from '../protocol/path.ts'
import type { Run } from '../protocol/run.ts'
import { metadataKey } from './option-values.ts'

export interface ProgressKeys {
  /** A key of metadata, or a path such as `$.step.done`. */
  readonly value?: string
  readonly max?: string
}

export interface Progress {
  readonly value: number
  readonly max: number
  /** From 0 to 1. */
  readonly fraction: number
  /** Where in the metadata it was. */
  readonly keys: readonly string[]
}

const VALUES = ['done', 'processed', 'completed', 'current', 'value']
const MAXIMA = ['total', 'max']

export const addProgressOptions = (command: Command): Command =>
  command
    .option(
      '--value <key>',
      'the metadata key that says how much is done, such as done or $.step.done (default: done or the like; progress where there is no maximum)',
      metadataKey,
    )
    .option('--max <key>', 'the metadata key that says how much there is (default: total or max)', metadataKey)

/** @returns `undefined` where the metadata does not say. */
export function progressOf({ metadata }: Pick<Run, 'metadata'>, keys: ProgressKeys): Progress | undefined {
  const [valueKey, value] = found(metadata, keys.value === undefined ? VALUES : [keys.value])
  const [maxKey, max] = found(metadata, keys.max === undefined ? MAXIMA : [keys.max])
  if (value !== undefined && max !== undefined && max > 0) return { value, max, fraction: clamp(value / max), keys: [valueKey, maxKey] }
  // a share of 1, or percent
  const [shareKey, share] = found(metadata, [keys.value ?? 'progress'])
  if (share === undefined || keys.max !== undefined || share < 0 || share > 100) return undefined
  const all = share <= 1 ? 1 : 100
  return { value: share, max: all, fraction: share / all, keys: [shareKey] }
}

/** Not 100 % before it is. */
export const percentOf = ({ fraction }: Progress): string => `${Math.floor(fraction * 100)} %`

const clamp = (fraction: number): number => Math.min(1, Math.max(0, fraction))

function found(metadata: JsonObject, keys: readonly string[]): readonly [key: string, value: number | undefined] {
  for (const key of keys) {
    const value = numberAt(metadata, key)
    if (value !== undefined) return [key, value]
  }
  return ['', undefined]
}

function numberAt(metadata: JsonObject, key: string): number | undefined {
  let at: Json | undefined = metadata
  for (const segment of parseKey(key)) {
    if (typeof segment === 'number') at = isJsonArray(at) ? at[segment] : undefined
    else at = isJsonObject(at) && Object.hasOwn(at, segment) ? at[segment] : undefined
  }
  return typeof at === 'number' && Number.isFinite(at) ? at : undefined
}
