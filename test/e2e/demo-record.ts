// What the server and the demo's table say, apart from what the page shows.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Run, RunPage } from 'runfeed'
import type { DemoServer } from './demo-server.ts'

export async function newestRun({ url }: DemoServer, task: string): Promise<Run> {
  const { runs } = (await (await fetch(`${url}/v1/runs?task=${task}&limit=1`)).json()) as RunPage
  const [run] = runs
  if (!run) throw new Error(`there is no run of ${task}`)
  return run
}

/** The imports of a file of this name, newest first: for tests that share a server and do not know what is newest on it. */
export async function importsOf({ url }: DemoServer, name: string): Promise<readonly Run[]> {
  const { runs } = (await (await fetch(`${url}/v1/runs?task=csv-import&limit=200`)).json()) as RunPage
  return runs.filter(({ payload }) => (payload as { readonly name?: string }).name === name)
}

export interface TableRow {
  readonly line: number
  readonly fields: readonly string[]
}

/** The rows of one import, as they are in the demo's table. */
export function tableRows({ data }: DemoServer, importId: string): readonly TableRow[] {
  const database = new DatabaseSync(join(data, 'demo.db'), { readOnly: true })
  try {
    return database
      .prepare('SELECT line, fields FROM rows WHERE import = ? ORDER BY line')
      .all(importId)
      .map(({ line, fields }) => ({ line: Number(line), fields: JSON.parse(String(fields)) as string[] }))
  } finally {
    database.close()
  }
}
