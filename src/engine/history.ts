// What a run was: the versions that its log still holds, and the record at any of them.
import type { RunHistory } from '../protocol/engine.ts'
import { InvalidRequestError, NotFoundError, VersionGoneError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { shown } from './state.ts'
import type { Turn } from './turn.ts'

const MAX_VERSIONS = 1000
/** Of the patches in one answer; at least one is in it. */
const MAX_BYTES = 4 * 1024 * 1024

export function readHistory(turn: Turn, id: string, after: number, limit: number): RunHistory {
  if (!Number.isInteger(limit) || limit < 1) throw new InvalidRequestError('limit is a whole number from 1')
  if (!Number.isSafeInteger(after) || after < 0) throw new InvalidRequestError('after is a version')
  turn.load(id)
  const oldest = turn.storage.oldest(id)
  const from = Math.max(after, oldest)
  const versions: RunHistory['versions'][number][] = []
  let left = MAX_BYTES
  for (const { entry, bytes } of turn.storage.entries(id, from)) {
    left -= bytes
    if (versions.length > 0 && left < 0) break
    versions.push({ ...entry, version: from + versions.length + 1 })
    if (versions.length === Math.min(limit, MAX_VERSIONS)) break
  }
  return { oldest, versions }
}

export function runAt(turn: Turn, id: string, version: number): Run {
  const state = turn.load(id)
  const { run } = state
  if (!Number.isInteger(version) || version < 1 || version > run.version) throw new NotFoundError(`version ${version} of ${id}`)
  if (version === run.version) return shown(state)
  const oldest = turn.storage.oldest(id)
  if (version < oldest) throw new VersionGoneError(id, version, oldest)
  return turn.storage.at(id, version)
}
