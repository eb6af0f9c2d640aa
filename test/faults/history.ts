// What a data file says a run was, version by version: read through the engine, after the server that wrote it has gone.
import { applyPatch } from '../../src/protocol/patch.ts'
import type { Cursor, Json, Run, RunSnapshot } from 'runfeed'
import type { RunEngine } from 'runfeed/server'

export interface History {
  readonly versions: ReadonlyMap<Cursor, Run>
  readonly last: Run
}

/** @param from - what is known already: the fold begins there. @throws Error when the log does not hold it, or does not lead to the record */
export async function historyOf({ record }: RunEngine, from: RunSnapshot): Promise<History> {
  const { run, cursor } = from
  if (!run || cursor === undefined) throw new Error('nothing was shown')
  const entries = await record.since(run.id, cursor)
  if (!entries) throw new Error(`the log of ${run.id} does not hold ${cursor}`)
  let last = run
  const versions = new Map([[cursor, run]])
  for (const { cursor: next, at, patch } of entries) {
    const folded = applyPatch(last as unknown as Json, patch) as unknown as Run
    last = { ...folded, version: last.version + 1, updatedAt: at }
    versions.set(next, last)
  }
  return { versions, last }
}

export async function chunksOf({ chunks }: RunEngine, run: string, stream: string): Promise<readonly Json[]> {
  const all: Json[] = []
  const { length } = await chunks.info(run, stream)
  while (all.length < length) all.push(...(await chunks.read(run, stream, all.length, 64 * 1024)).chunks)
  return all
}
