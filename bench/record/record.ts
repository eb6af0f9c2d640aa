// The record, seen from task code and from its writers: what an update costs, how many are kept a second, what runs weigh.
import { join } from 'node:path'
import type { Row } from '../row.ts'
import { appends } from './appends.ts'
import { commits } from './commits.ts'
import { taskBench } from './in-task.ts'
import { memory } from './memory.ts'
import { sets } from './sets.ts'
import { tokens } from './tokens.ts'

/** @param folder - where the data files may be. */
export async function record(folder: string): Promise<readonly Row[]> {
  const bench = await taskBench(join(folder, 'record.db'))
  try {
    return [...(await sets(bench)), ...(await appends(bench)), ...(await tokens(bench)), ...(await commits(folder)), ...(await memory(folder))]
  } finally {
    await bench.close()
  }
}
