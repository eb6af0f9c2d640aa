// All imports, newest first, live. What runs and what is newest is open; the rest is a line each.
import { type ReactElement, useState } from 'react'
import { messageOf } from './api.ts'
import { importHooks } from './hooks.ts'
import { ImportCard } from './import-card.tsx'
import { Problem } from './problem.tsx'

const PAGE = 10

interface ImportListProps {
  /** The reader is told that the connection is away. */
  readonly isAway: boolean
}

export function ImportList({ isAway }: ImportListProps): ReactElement {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map())
  const { runs, isPending, error, isStale, hasMore, isLoadingMore, loadMore } = importHooks.useRuns({}, { limit: PAGE })
  return (
    <section className="imports" aria-labelledby="imports-title" aria-busy={isPending}>
      <div className="imports-head">
        <h2 id="imports-title">Imports</h2>
        {/* beside the title: nothing moves when it comes and goes. The word at the top is said aloud for both */}
        {isAway && <p className="quiet">{runs ? 'May be behind; trying again…' : 'Trying to reach the server…'}</p>}
      </div>
      <Problem text={error && messageOf(error)} />
      {isPending && <Loading />}
      {runs?.length === 0 && (
        <p className="empty">
          <strong>Nothing has been imported yet.</strong>
          Drop a CSV file on this page, or start the sample: 3,376 airports, of which 12 are incomplete.
        </p>
      )}
      {runs !== undefined && runs.length > 0 && (
        <ol className="import-list">
          {runs.map((run, index) => {
            const isOpen = chosen.get(run.id) ?? (index === 0 || run.finishedAt === null)
            return (
              <li key={run.id}>
                <ImportCard run={run} isStale={isStale} isOpen={isOpen} toggle={() => setChosen(new Map(chosen).set(run.id, !isOpen))} />
              </li>
            )
          })}
        </ol>
      )}
      {hasMore && (
        <button type="button" className="button older" disabled={isLoadingMore} onClick={loadMore}>
          Show older imports
        </button>
      )}
    </section>
  )
}

function Loading(): ReactElement {
  return (
    <output className="skeleton">
      <span className="visually-hidden">Loading the imports</span>
    </output>
  )
}
