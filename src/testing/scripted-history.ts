// The versions of a run in a scripted world, as `GET /v1/runs/:id/history` answers them.
import { jsonEqual, type Json, type JsonObject } from '../protocol/json.ts'
import type { Patch, PatchOperation } from '../protocol/patch.ts'
import { toPointer } from '../protocol/path.ts'
import type { RunVersion, RunVersionPage } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'

/** @param records - the run at each of its versions, the oldest first; at least one. */
export function historyOf(records: readonly Run[], after: number, limit: number): RunVersionPage {
  const versions: RunVersion[] = []
  records.forEach((run, index) => {
    const before = records[index - 1]
    if (!before || run.version <= after || versions.length === limit) return
    const patch = patchBetween(before, run)
    versions.push({ version: run.version, at: run.updatedAt, by: isOwn(patch) ? run.id : null, patch })
  })
  return { oldest: records[0]?.version ?? 1, versions }
}

/** A script says no operations, only what is there after them: members of the record, and keys of its metadata and streams, are told one by one. */
function patchBetween(before: Run, after: Run): Patch {
  return differences([], before as unknown as JsonObject, after as unknown as JsonObject)
}

function differences(path: readonly string[], before: JsonObject, after: JsonObject): PatchOperation[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): PatchOperation[] => {
    const [was, is] = [memberOf(before, name), memberOf(after, name)]
    const at = [...path, name]
    if (path.length === 0 && (name === 'version' || name === 'updatedAt')) return []
    if (path.length === 0 && (name === 'metadata' || name === 'streams')) return differences(at, was as JsonObject, is as JsonObject)
    if (is === undefined) return was === undefined ? [] : [{ op: 'remove', path: toPointer(at) }]
    if (was === undefined) return [{ op: 'add', path: toPointer(at), value: is }]
    return jsonEqual(was, is) ? [] : [{ op: 'replace', path: toPointer(at), value: is }]
  })
}

/** A key may have the name of what every object inherits. */
const memberOf = (document: JsonObject, name: string): Json | undefined => (Object.hasOwn(document, name) ? document[name] : undefined)

/** What only the run's own code says; where it stands is the server's to say too. */
const isOwn = (patch: Patch): boolean => patch.some(({ path }) => /^\/(metadata|streams|output)\b/.test(path))
