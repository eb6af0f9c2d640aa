// A dashboard over `useRuns`, as an application would write one: what the kit has no component for.
import { RunProgress, RunStatusBadge } from 'runfeed/components'
import { type RunSummary, useRunProgress, useRuns } from 'runfeed/react'
import type { RunQuery } from 'runfeed'
import type { CSSProperties, ReactElement } from 'react'

const card: CSSProperties = { border: '1px solid var(--rf-line)', borderRadius: 12, background: 'var(--rf-bg)', overflow: 'hidden' }
const head: CSSProperties = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'baseline',
  justifyContent: 'space-between',
  gap: '4px 16px',
  padding: '14px 16px',
}
const title: CSSProperties = { margin: 0, fontSize: 15, fontWeight: 600 }
const quiet: CSSProperties = { margin: 0, color: 'var(--rf-fg-muted)', fontSize: 13, fontVariantNumeric: 'tabular-nums' }
const list: CSSProperties = { listStyle: 'none', margin: 0, padding: 0 }
const row: CSSProperties = {
  display: 'flex',
  flexWrap: 'wrap',
  alignItems: 'baseline',
  gap: '8px 16px',
  padding: '12px 16px',
  borderBlockStart: '1px solid var(--rf-line)',
}
/** A badge that leaves less than this goes below. */
const main: CSSProperties = { flex: '1 1 150px', minWidth: 0 }
const name: CSSProperties = { ...main, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', fontSize: 14, fontWeight: 550 }
const note: CSSProperties = { ...quiet, padding: '28px 16px', borderBlockStart: '1px solid var(--rf-line)', textAlign: 'center' }
const more: CSSProperties = {
  display: 'block',
  inlineSize: '100%',
  padding: 12,
  border: 0,
  borderBlockStart: '1px solid var(--rf-line)',
  background: 'none',
  color: 'var(--rf-active-fg)',
  font: 'inherit',
  fontSize: 13,
  fontWeight: 550,
  cursor: 'pointer',
}

export interface DashboardWords {
  readonly title: string
  readonly empty: string
  readonly loading: string
  readonly more: string
  readonly stale: string
  readonly summary: (running: number, waiting: number, over: number) => string
}
const ENGLISH: DashboardWords = {
  title: 'Imports',
  empty: 'No imports yet. Start one, and it appears here.',
  loading: 'Loading…',
  more: 'Show more',
  stale: 'Reconnecting…',
  summary: (running, waiting, over) => `${running} running, ${waiting} waiting, ${over} over`,
}

export function RunDashboard({
  query,
  limit,
  words: say = ENGLISH,
}: {
  readonly query: RunQuery
  readonly limit?: number
  readonly words?: DashboardWords
}): ReactElement {
  const { runs, isPending, error, isStale, hasMore, isLoadingMore, loadMore } = useRuns(query, { limit })
  const over = runs?.filter(({ finishedAt }) => finishedAt !== null).length ?? 0
  const running = runs?.filter(({ status }) => status === 'EXECUTING').length ?? 0
  return (
    <div style={card}>
      <div style={head}>
        <h4 style={title}>{say.title}</h4>
        {runs && runs.length > 0 && <p style={quiet}>{isStale ? say.stale : say.summary(running, runs.length - running - over, over)}</p>}
      </div>
      {error && (
        <p style={{ ...note, color: 'var(--rf-danger-fg)' }} role="alert">
          {error.message}
        </p>
      )}
      {isPending && !error && <p style={note}>{say.loading}</p>}
      {runs?.length === 0 && <p style={note}>{say.empty}</p>}
      {runs && runs.length > 0 && (
        <ul style={list}>
          {runs.map((run) => (
            <Row key={run.id} run={run} isStale={isStale} />
          ))}
        </ul>
      )}
      {hasMore && (
        <button type="button" style={more} disabled={isLoadingMore} onClick={loadMore}>
          {say.more}
        </button>
      )}
    </div>
  )
}

function Row({ run, isStale }: { readonly run: RunSummary; readonly isStale: boolean }): ReactElement {
  const { id, status, finishedAt, metadata } = run
  const file = typeof metadata['file'] === 'string' ? metadata['file'] : id
  return (
    <li style={row} data-run={id}>
      {/* once it is over, the badge says all that a bar could */}
      {finishedAt === null ? <RowProgress run={run} label={file} /> : <span style={name}>{file}</span>}
      <RunStatusBadge status={status} stale={isStale && finishedAt === null} />
    </li>
  )
}

function RowProgress({ run, label }: { readonly run: RunSummary; readonly label: string }): ReactElement {
  // it begins with what the list says
  const progress = useRunProgress(run.id, { value: 'rows', max: 'total', initialData: { ...run, payload: null, output: undefined } })
  // that the connection is gone is said once, above the list
  return <RunProgress progress={progress} label={label} unit="rows" locale="en" words={{ stale: '' }} style={main} />
}
