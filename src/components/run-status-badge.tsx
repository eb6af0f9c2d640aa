'use client'
// A run's status in a word and a shape.
import type { ReactElement } from 'react'
import type { RunStatus } from '../protocol/status.ts'
import type { RunRef } from '../react/options.ts'
import { useRun } from '../react/use-run.ts'
import { type PartProps, type RootAttributes, renderRoot } from './part.ts'
import { StatusIcon } from './status-icon.tsx'
import { lookOf, type StatusShape, type StatusTone } from './status-look.ts'
import { useSteadyStale } from './use-steady-stale.ts'

/** On the root as `data-state`, `data-tone`, `data-status`, `data-stale`. */
export interface RunStatusBadgeState {
  readonly [data: string]: string | boolean | undefined
  /** `empty`: there is no run. `error`: it cannot be read. */
  readonly state: 'loading' | 'empty' | 'ready' | 'error'
  readonly tone: StatusTone
  readonly status: RunStatus | undefined
  /** The connection is gone, so that the status may be another by now. */
  readonly stale: boolean
}

interface OwnProps extends PartProps<RunStatusBadgeState> {
  /** Words for statuses, and for `loading`, `empty`, `error`, `stale`. @defaultValue English */
  readonly labels?: { readonly [status: string]: string } | undefined
}
interface Given {
  /** A status to show as it is. */
  readonly status: RunStatus
  readonly stale?: boolean | undefined
  readonly run?: undefined
}
interface Followed {
  /** A run to follow. */
  readonly run: RunRef
  readonly status?: undefined
  readonly stale?: undefined
}
export type RunStatusBadgeProps = OwnProps & (Given | Followed) & RootAttributes

const WORDS: { readonly [word: string]: string } = { loading: 'Loading', empty: 'No run', error: 'Unavailable', stale: 'reconnecting' }

/** The status of a run: one that is given as `status`, or one that is followed by `run`. A status that it does not know is shown as it is. */
export function RunStatusBadge(props: RunStatusBadgeProps): ReactElement {
  if (props.status === undefined) return <FollowedBadge {...props} />
  const { status, stale = false, run: _run, ...rest } = props
  return <Badge {...rest} state="ready" status={status} stale={stale} />
}

function FollowedBadge({ run, status: _status, stale: _stale, ...rest }: OwnProps & Followed & RootAttributes): ReactElement {
  const result = useRun(run, { select: (record) => record.status })
  const stale = useSteadyStale(result.isStale)
  if (!result.isEnabled) return <Badge {...rest} state="empty" status={undefined} stale={false} />
  if (result.run !== undefined) return <Badge {...rest} state="ready" status={result.run} stale={stale} />
  return <Badge {...rest} state={result.isError ? 'error' : 'loading'} status={undefined} stale={false} />
}

type BadgeProps = OwnProps & RootAttributes & Pick<RunStatusBadgeState, 'state' | 'status' | 'stale'>

function Badge({ state, status, stale, labels, className, style, render, ...attributes }: BadgeProps): ReactElement {
  const look = status === undefined ? undefined : lookOf(status)
  const tone: StatusTone = look?.tone ?? (state === 'error' ? 'danger' : 'neutral')
  const shape: StatusShape = look?.shape ?? (state === 'error' ? 'cross' : 'queued')
  const word = labels?.[status ?? state] ?? look?.label ?? WORDS[state]
  return renderRoot(
    'span',
    'rf-badge',
    { state, tone, status, stale },
    { className, style, render },
    attributes,
    <>
      <StatusIcon shape={shape} />
      <span className="rf-badge__label" data-part="label">
        {word}
      </span>
      {stale && <span className="rf-hidden">, {labels?.['stale'] ?? WORDS['stale']}</span>}
    </>,
  )
}
