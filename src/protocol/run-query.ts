// Which runs a query asks for: one rule for engines, feeds, clients and scripts.
import type { RunQuery } from './rest.ts'
import type { Run } from './run.ts'

/** Whether the run is what each member of the query that is there says. */
export function matchesQuery({ ids, task, tag, parent, status }: RunQuery, run: Pick<Run, 'id' | 'task' | 'tags' | 'parentId' | 'status'>): boolean {
  if (ids?.includes(run.id) === false || status?.includes(run.status) === false) return false
  return (task === undefined || task === run.task) && (tag === undefined || run.tags.includes(tag)) && (parent === undefined || parent === run.parentId)
}
