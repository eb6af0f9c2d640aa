// One import: a line that says what it is, and below it, when open, everything that is known about it, live.
import type { Run, RunOf } from 'runfeed'
import { RunProgress, RunStatusBadge } from 'runfeed/components'
import { useRunClient, useRunProgress } from 'runfeed/react'
import { type ReactElement, useId } from 'react'
import { csvImport } from '../contracts.ts'
import { duration, elapsed, number, startedAt } from './format.ts'
import { importHooks } from './hooks.ts'
import { ImportLog } from './import-log.tsx'
import { MetadataView } from './metadata-view.tsx'
import { RejectedRows } from './rejected-rows.tsx'
import { RunFailure } from './run-failure.tsx'
import { useAction } from './use-action.ts'
import { useNow } from './use-now.ts'

interface ImportCardProps {
  /** As the list has it; an open card follows the run itself. */
  readonly run: Run
  readonly isOpen: boolean
  readonly toggle: () => void
  /** Something was done that the list should know of. */
  readonly changed: () => void
}

type ImportRun = RunOf<typeof csvImport>

export function ImportCard({ run, isOpen, toggle, changed }: ImportCardProps): ReactElement {
  // a closed card asks for nothing: fifty of them are fifty lines of text
  const live = importHooks.useRun(run.id, { enabled: isOpen, initialData: run, onComplete: (_, { live }) => live && changed() })
  const shown = live.run ?? run
  const body = useId()
  const { name } = nameOf(shown)
  return (
    <article className="card" data-open={isOpen || undefined} aria-label={`Import of ${name}`}>
      <div className="card-head">
        <h3>
          <button type="button" className="card-toggle" aria-expanded={isOpen} aria-controls={body} onClick={toggle}>
            <svg className="chevron" viewBox="0 0 16 16" aria-hidden="true">
              <path d="m6 4 4 4-4 4" />
            </svg>
            <span className="card-name" dir="auto">
              {name}
            </span>
          </button>
        </h3>
        {/* an import that waits for its rows is at work, for whoever looks at it */}
        <RunStatusBadge status={shown.status === 'WAITING' ? 'EXECUTING' : shown.status} stale={isOpen && live.isStale} labels={{ EXECUTING: 'Importing' }} />
        {!isOpen && <Summary run={run} />}
        <time className="card-time" dateTime={new Date(shown.createdAt).toISOString()}>
          {startedAt(shown)}
        </time>
      </div>
      <div id={body} hidden={!isOpen}>
        {isOpen && live.error && (
          <p className="problem" role="alert">
            This import cannot be followed: {live.error.message}
          </p>
        )}
        {isOpen && live.run && <Body run={live.run} known={run} isStale={live.isStale} changed={changed} />}
      </div>
    </article>
  )
}

const nameOf = ({ payload }: Pick<Run, 'payload'>): { readonly name: string } => {
  const parsed = csvImport.payload.safeParse(payload)
  return { name: parsed.success ? parsed.data.name : 'unnamed file' }
}

/** What is worth a line of an import that is not open. */
function Summary({ run }: { readonly run: Run }): ReactElement | null {
  const { acceptedRows, rejectedRows } = run.metadata
  if (run.status === 'FAILED' && run.error) return <span className="card-summary">{run.error.message}</span>
  if (typeof acceptedRows !== 'number') return null
  const parts = [`${number(acceptedRows)} accepted`]
  if (typeof rejectedRows === 'number' && rejectedRows > 0) parts.push(`${number(rejectedRows)} rejected`)
  const took = duration(run)
  if (took !== undefined) parts.push(took)
  return <span className="card-summary">{parts.join(' · ')}</span>
}

interface BodyProps {
  readonly run: ImportRun
  readonly known: Run
  readonly isStale: boolean
  readonly changed: () => void
}

function Body({ run, known, isStale, changed }: BodyProps): ReactElement {
  const { metadata } = run
  const progress = useRunProgress(run.id, { value: 'processedRows', max: 'totalRows', failed: 'rejectedRows', initialData: known })
  return (
    <div className="card-body">
      <div className="card-progress">
        <RunProgress progress={progress} unit="rows" label={run.finishedAt === null ? PHASE[metadata?.status ?? 'queued'] : 'Rows'} locale="en" />
        <Controls run={run} changed={changed} />
      </div>
      <RunFailure run={run} />
      <dl className="counters">
        <Counter name="Accepted" value={metadata?.acceptedRows} tone="good" />
        <Counter name="Rejected" value={metadata?.rejectedRows} tone={metadata?.rejectedRows ? 'bad' : undefined} />
        <Counter name="In the file" value={metadata?.totalRows} />
        <Time run={run} isStale={isStale} />
      </dl>
      <div className="card-columns">
        <ImportLog runId={run.id} name={nameOf(run).name} isOpened={run.streams['log'] !== undefined} />
        <RejectedRows reasons={metadata?.reasons} examples={metadata?.examples} total={metadata?.rejectedRows ?? 0} isOver={run.finishedAt !== null} />
      </div>
      <MetadataView runId={run.id} />
    </div>
  )
}

const PHASE: { readonly [status: string]: string } = {
  queued: 'Waiting to begin',
  reading: 'Reading the file',
  importing: 'Importing rows',
  done: 'Importing rows',
}

function Counter({
  name,
  value,
  tone,
}: {
  readonly name: string
  readonly value: number | undefined
  readonly tone?: 'good' | 'bad' | undefined
}): ReactElement {
  return (
    <div className="counter" data-tone={tone}>
      <dt>{name}</dt>
      <dd>{value === undefined ? '–' : number(value)}</dd>
    </div>
  )
}

function Time({ run, isStale }: { readonly run: ImportRun; readonly isStale: boolean }): ReactElement {
  const isRunning = run.finishedAt === null
  // a clock of its own: the rest of the card changes only with the run. It stands while nobody knows whether the import goes on
  const now = useNow(isRunning && !isStale)
  return (
    <div className="counter">
      <dt>Time</dt>
      <dd>{(isRunning ? elapsed(run, now) : duration(run)) ?? '–'}</dd>
    </div>
  )
}

/** One button that is always there, so that focus stays where it was when the import ends. */
function Controls({ run, changed }: { readonly run: ImportRun; readonly changed: () => void }): ReactElement {
  const { runs } = useRunClient()
  const action = useAction()
  const isOver = run.finishedAt !== null
  const isEnding = !isOver && run.cancelRequestedAt !== null
  const act = async (): Promise<void> => {
    await (isOver ? runs.replay(run.id) : runs.cancel(run.id))
    changed()
  }
  return (
    <div className="card-controls">
      <button type="button" className="button" disabled={action.isBusy || isEnding} onClick={() => action.run(act)}>
        {isOver ? 'Start again' : isEnding ? 'Canceling…' : 'Cancel'}
      </button>
      {action.error !== undefined && (
        <p className="problem" role="alert">
          {action.error}
        </p>
      )}
    </div>
  )
}
