// All imports, newest first. What runs and what is newest is open; the rest is a line each, and follows nothing.
import { type ReactElement, useState } from 'react'
import { ImportCard } from './import-card.tsx'
import { useAction } from './use-action.ts'
import type { RunList } from './use-run-list.ts'

export function ImportList({ list }: { readonly list: RunList }): ReactElement {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map())
  const older = useAction()
  const { runs, error } = list
  return (
    <section className="imports" aria-labelledby="imports-title" aria-busy={runs === undefined && error === undefined}>
      <h2 id="imports-title">Imports</h2>
      {error !== undefined && (
        <output className="problem" data-tone="waiting">
          {error} {runs === undefined ? 'Trying again…' : 'What is shown may be behind; trying again…'}
        </output>
      )}
      {runs === undefined && error === undefined && <Loading />}
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
                <ImportCard run={run} isOpen={isOpen} toggle={() => setChosen(new Map(chosen).set(run.id, !isOpen))} changed={list.refresh} />
              </li>
            )
          })}
        </ol>
      )}
      {list.hasOlder && (
        <button type="button" className="button older" disabled={older.isBusy} onClick={() => older.run(list.loadOlder)}>
          Show older imports
        </button>
      )}
      {older.error !== undefined && (
        <p className="problem" role="alert">
          {older.error}
        </p>
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
