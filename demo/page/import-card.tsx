// One import: a line that says what it is, and below it, when open, everything that is known about it, live.
import type { Run } from 'runfeed'
import { RunProgress, RunStatusBadge } from 'runfeed/components'
import { type RunSummaryOf, useCancelRun, useRunClient, useRunProgress } from 'runfeed/react'
import { type ReactElement, useId } from 'react'
import type { csvImport } from '../contracts.ts'
import { isUnreachable, messageOf } from './api.ts'
import { Button } from './button.tsx'
import { duration, elapsed, number, startedAt } from './format.ts'
import { importHooks } from './hooks.ts'
import { ImportLog } from './import-log.tsx'
import { MetadataView } from './metadata-view.tsx'
import { Problem } from './problem.tsx'
import { RejectedRows } from './rejected-rows.tsx'
import { RunFailure } from './run-failure.tsx'
import { useAction } from './use-action.ts'
import { useBack } from './use-back.ts'
import { useNow } from './use-now.ts'

interface ImportCardProps {
  /** As the list has it. */
  readonly run: ImportRun
  /** The list may be behind. */
  readonly isStale: boolean
  readonly isOpen: boolean
  readonly toggle: () => void
}

type ImportRun = RunSummaryOf<typeof csvImport>

export function ImportCard({ run, isStale, isOpen, toggle }: ImportCardProps): ReactElement {
  // an open card follows the run itself, as its bar does, so that all of it shows one version. A closed one asks for nothing, unless its import
  // has not begun and so has not said its name
  const live = importHooks.useRun(run.id, { enabled: isOpen || run.metadata?.name === undefined })
  const shown = live.run ?? run
  const name = live.run?.payload.name ?? shown.metadata?.name ?? 'Import'
  // what has ended stays as it is
  const isBehind = isStale && shown.finishedAt === null
  const body = useId()
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
        <RunStatusBadge status={shown.status === 'WAITING' ? 'EXECUTING' : shown.status} stale={isBehind} labels={{ EXECUTING: 'Importing' }} />
        {!isOpen && <Summary run={shown} />}
        <time className="card-time" dateTime={new Date(shown.createdAt).toISOString()}>
          {startedAt(shown)}
        </time>
      </div>
      <div id={body} hidden={!isOpen}>
        {isOpen && <Problem text={live.error && `This import cannot be followed: ${live.error.message}`} />}
        {isOpen && <Body run={shown} name={name} isStale={isBehind} />}
      </div>
    </article>
  )
}

/** What is worth a line of an import that is not open. */
function Summary({ run }: { readonly run: ImportRun }): ReactElement | null {
  const { acceptedRows, rejectedRows } = run.metadata ?? {}
  if (run.status === 'FAILED' && run.error) return <span className="card-summary">{run.error.message}</span>
  if (acceptedRows === undefined) return null
  const parts = [`${number(acceptedRows)} accepted`]
  if (rejectedRows) parts.push(`${number(rejectedRows)} rejected`)
  const took = duration(run)
  if (took !== undefined) parts.push(took)
  return <span className="card-summary">{parts.join(' · ')}</span>
}

interface BodyProps {
  readonly run: ImportRun
  readonly name: string
  readonly isStale: boolean
}

function Body({ run, name, isStale }: BodyProps): ReactElement {
  const { metadata } = run
  // for the first moment of a card that is opened; a bar needs neither payload nor output
  const known: Run = { ...run, metadata: { ...run.metadata } as Run['metadata'], payload: null, output: undefined }
  const progress = useRunProgress(run.id, { value: 'processedRows', max: 'totalRows', failed: 'rejectedRows', initialData: known })
  return (
    <div className="card-body">
      <div className="card-progress">
        <RunProgress
          progress={progress}
          unit={metadata?.totalRows === 1 ? 'row' : 'rows'}
          label={run.finishedAt === null ? PHASE[metadata?.status ?? 'queued'] : 'Rows'}
          locale="en"
        />
        <Controls run={run} />
      </div>
      <RunFailure run={run} />
      <dl className="counters">
        <Counter name="Accepted" value={metadata?.acceptedRows} tone="good" />
        <Counter name="Rejected" value={metadata?.rejectedRows} tone={metadata?.rejectedRows ? 'bad' : undefined} />
        <Counter name="In the file" value={metadata?.totalRows} />
        <Time run={run} isStale={isStale} />
      </dl>
      <div className="card-columns">
        <ImportLog runId={run.id} name={name} isOpened={run.streams['log'] !== undefined} />
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
function Controls({ run }: { readonly run: ImportRun }): ReactElement {
  const { runs } = useRunClient()
  const replay = useAction()
  const cancel = useCancelRun(run.id)
  useBack(() => {
    if (isUnreachable(cancel.error)) cancel.reset()
  })
  const isOver = run.finishedAt !== null
  const isEnding = !isOver && (cancel.isPending || run.cancelRequestedAt !== null)
  return (
    <>
      <Button
        className="card-control"
        isOff={replay.isBusy || isEnding}
        press={() => (isOver ? replay.run(async () => await runs.replay(run.id)) : void cancel.cancel())}
      >
        {isOver ? 'Start again' : isEnding ? 'Canceling…' : 'Cancel'}
      </Button>
      <Problem text={isOver ? replay.error : cancel.error && messageOf(cancel.error)} />
    </>
  )
}
