// The runs of a query in a scripted world: which they are and in what order, as an engine would answer.
import type { RunListRequest, RunPage } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { matchesQuery } from '../protocol/run-query.ts'
import { DEFAULT_QUERY_LIMIT } from '../protocol/want.ts'

/** @param runs - in the order in which they were made. @returns the newest first; of two that were made at one moment, the later one. */
export function listRuns(runs: Iterable<Run>, { limit = DEFAULT_QUERY_LIMIT, after, ...query }: RunListRequest): RunPage {
  const newest = [...runs].reverse().sort((a, b) => b.createdAt - a.createdAt)
  // the place of the page before, also when its last run is in the query no more
  const from = after === undefined ? 0 : newest.findIndex(({ id }) => id === after) + 1
  const found = newest.slice(from).filter((run) => matchesQuery(query, run))
  const page = found.slice(0, limit)
  const next = found.length > limit ? page.at(-1)?.id : undefined
  return { runs: page, ...(next !== undefined && { next }) }
}

/** What `GET /v1/runs` was asked for. Lists are written with commas. */
export function listRequestOf(search: string): RunListRequest {
  const asked = new URLSearchParams(search)
  const text = (name: string): string | undefined => asked.get(name) ?? undefined
  const [ids, status] = [text('ids')?.split(','), text('status')?.split(',')]
  const [task, tag, parent, after, limit] = ['task', 'tag', 'parent', 'after', 'limit'].map(text)
  return {
    ...(ids && { ids }),
    ...(status && { status }),
    ...(task !== undefined && { task }),
    ...(tag !== undefined && { tag }),
    ...(parent !== undefined && { parent }),
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit: Number(limit) }),
  }
}
