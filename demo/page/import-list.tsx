// All imports, newest first, live.
import { type ReactElement, useState } from 'react'
import { messageOf } from './api.ts'
import { Button } from './button.tsx'
import { importHooks } from './hooks.ts'
import { ImportCard } from './import-card.tsx'
import { Problem } from './problem.tsx'
import { useOpenCards } from './use-open-cards.ts'

const PAGE = 10

interface ImportListProps {
  /** The reader is told that the connection is away. */
  readonly isAway: boolean
}

export function ImportList({ isAway }: ImportListProps): ReactElement {
  /** Older imports have been asked for. */
  const [isAsked, setAsked] = useState(false)
  const { runs, isPending, error, isStale, hasMore, isLoadingMore, loadMore } = importHooks.useRuns({}, { limit: PAGE })
  const cards = useOpenCards(runs ?? [])
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
          Choose a CSV file, or start the sample: 3,376 airports, of which 12 are incomplete.
        </p>
      )}
      {runs !== undefined && runs.length > 0 && (
        <ol className="import-list">
          {runs.map((run) => (
            <li key={run.id}>
              <ImportCard run={run} isStale={isStale} isOpen={cards.isOpen(run.id)} toggle={() => cards.toggle(run.id)} />
            </li>
          ))}
        </ol>
      )}
      {(hasMore || isAsked) && (
        // stays when there are no more: whoever has pressed it is there
        <Button
          className="older"
          isOff={isLoadingMore || !hasMore}
          press={() => {
            setAsked(true)
            loadMore()
          }}
        >
          {hasMore ? 'Show older imports' : 'All imports are shown'}
        </Button>
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
