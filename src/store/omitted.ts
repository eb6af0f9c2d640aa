// What a frame leaves out because it is too large for one, and how a read of the run completes it.
import type { Frame, Omitted } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { numberOf } from './run-entry.ts'

export function omittedBy(frame: Frame | undefined): Omitted | undefined {
  const omitted = frame?.event === 'run' || frame?.event === 'patch' ? frame.data.omitted : undefined
  return omitted?.length ? omitted : undefined
}

/** The frame with what it left out; the same one where `run` is from before it. A payload never changes, nor an output once it is there. */
export function completed(frame: Frame, run: Run): Frame {
  const fields = omittedBy(frame)
  if (!fields || (frame.event !== 'run' && frame.event !== 'patch') || numberOf(frame.data.cursor) > run.version) return frame
  const { omitted: _omitted, ...data } = frame.data
  if ('patch' in data) {
    const added = fields.map((field) => ({ op: 'add' as const, path: `/${field}`, value: run[field] as Json }))
    return { event: 'patch', data: { ...data, patch: [...data.patch, ...added] } }
  }
  return { event: 'run', data: { ...data, run: { ...data.run, ...Object.fromEntries(fields.map((field) => [field, run[field]])) } } }
}
