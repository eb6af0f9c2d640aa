// A trigger as a server judges it, and the run that it makes.
import { InvalidRequestError, MetadataTooLargeError, RunfeedError, TooLargeError } from '../protocol/errors.ts'
import { isForbiddenName, isJsonObject, type Json, jsonBytes } from '../protocol/json.ts'
import { MAX_METADATA_BYTES, MAX_PAYLOAD_BYTES, NAME_PATTERN } from '../protocol/limits.ts'
import type { TriggerOptions } from '../protocol/rest.ts'
import type { NewRun, Run } from '../protocol/run.ts'
import { msOf } from '../task/duration.ts'
import { newRun } from '../task/new-run.ts'
import type { TriggerOptions as CheckedOptions } from '../task/task-types.ts'
import type { ScriptedReaction } from './scripted-call.ts'
import { scriptedRun } from './scripted-run.ts'

export type ScriptedTasks = { readonly [task: string]: ScriptedReaction }

/** @throws RunfeedError `not_found`, as the server does */
export function reactionOf(tasks: ScriptedTasks, task: string): ScriptedReaction {
  const reaction = Object.hasOwn(tasks, task) ? tasks[task] : undefined
  if (reaction) return reaction
  const known = Object.keys(tasks).map((id) => `"${id}"`)
  throw new RunfeedError(
    'not_found',
    `the task "${task}" does not exist (this script has ${known.join(', ') || 'none'}); say what its runs do in \`tasks\` of createScriptedFeed`,
  )
}

/** @throws InvalidRequestError, InvalidValueError, TooLargeError, MetadataTooLargeError */
export function checkedRun(task: string, payload: Json | undefined, options: TriggerOptions): NewRun {
  if (options.metadata !== undefined && !isJsonObject(options.metadata))
    throw new InvalidRequestError('metadata: it is an object; pass { ... }', { field: 'metadata' })
  const wanted = newRun({ id: task, ...(payload !== undefined && { payload }), options: options as CheckedOptions })
  for (const tag of wanted.tags ?? [])
    if (!NAME_PATTERN.test(tag) || isForbiddenName(tag))
      throw new InvalidRequestError(`tag ${JSON.stringify(tag)}: use 1 to 128 letters, digits and _ . : / -`, { field: 'tag' })
  const size = jsonBytes(wanted.payload)
  if (size > MAX_PAYLOAD_BYTES) throw new TooLargeError('the payload', size, MAX_PAYLOAD_BYTES)
  const bytes = jsonBytes(wanted.metadata ?? {})
  if (bytes > MAX_METADATA_BYTES) throw new MetadataTooLargeError('$', bytes, MAX_METADATA_BYTES)
  return wanted
}

/** Ms from the trigger until the run is queued. */
export const delayOf = ({ delay }: TriggerOptions): number => (delay === undefined ? 0 : msOf('delay', delay))

/** The run at its first version. */
export function madeRun({ task, payload, tags, metadata, replayOf }: NewRun, id: string, delay: number, createdAt: number): Run {
  const status = delay > 0 ? 'DELAYED' : 'QUEUED'
  return scriptedRun({ id, task, status, payload, tags: [...new Set(tags)], metadata: metadata ?? {}, replayOf: replayOf ?? null, createdAt })
}
