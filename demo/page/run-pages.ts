// The runs of a list that are known so far, newest first: a first page that is asked for again and again, and older ones that stay. Pure.
import type { Run, RunPage } from 'runfeed'

export interface RunPages {
  readonly runs: readonly Run[]
  /** Where the page after the last one begins; absent when all are known. */
  readonly next: string | undefined
}

/** The newest runs, as the server has them now. */
export function withNewest(known: RunPages | undefined, page: RunPage): RunPages {
  const isAll = page.next === undefined
  const overlaps = known?.runs.some(({ id }) => page.runs.some((run) => run.id === id))
  // without an overlap there may be runs between the two that nobody asked for
  if (!known || isAll || !overlaps) return { runs: page.runs, next: page.next }
  const fresh = new Set(page.runs.map(({ id }) => id))
  return { runs: [...page.runs, ...known.runs.filter(({ id }) => !fresh.has(id))], next: known.next }
}

export function withOlder(known: RunPages, page: RunPage): RunPages {
  const ids = new Set(known.runs.map(({ id }) => id))
  return { runs: [...known.runs, ...page.runs.filter(({ id }) => !ids.has(id))], next: page.next }
}
