'use client'
// How far a run is, as a bar that says no more than is known.
import type { CSSProperties, ReactElement } from 'react'
import type { RunRef } from '../react/options.ts'
import type { ProgressSources } from '../react/progress.ts'
import { type ProgressResult, useRunProgress } from '../react/use-run-progress.ts'
import { Announcer } from './announcer.tsx'
import { type PartProps, type RootAttributes, renderRoot } from './part.ts'
import { amountText, ENGLISH, type ProgressWords, percentText, timeText } from './progress-text.ts'
import { useSparse } from './use-sparse.ts'
import { useSteadyStale } from './use-steady-stale.ts'

/** On the root as `data-state`, `data-stale`. */
export interface RunProgressState {
  readonly [data: string]: string | boolean | undefined
  /** `indeterminate`: it runs, and how far cannot be told. `empty`: there is no run. `error`: it cannot be read. */
  readonly state: 'loading' | 'empty' | 'queued' | 'indeterminate' | 'running' | 'complete' | 'failed' | 'canceled' | 'error'
  readonly stale: boolean
}

interface OwnProps extends PartProps<RunProgressState> {
  /** What is going on; the bar's name. @defaultValue 'Progress' */
  readonly label?: string | undefined
  /** What is counted, after the numbers: `rows`. */
  readonly unit?: string | undefined
  /** Shows counts, rate and time left under the bar. @defaultValue true */
  readonly details?: boolean | undefined
  /** A BCP 47 tag, for numbers. Name it where a server renders. @defaultValue the runtime's */
  readonly locale?: string | undefined
  /** @defaultValue English */
  readonly words?: Partial<ProgressWords> | undefined
}
interface Followed extends ProgressSources {
  /** A run to follow; `value`, `max` and `failed` say what to read of it. @see useRunProgress */
  readonly run: RunRef
  readonly throttle?: number | undefined
  readonly progress?: undefined
}
interface Given {
  /** What `useRunProgress` gave. */
  readonly progress: ProgressResult
  readonly run?: undefined
}
export type RunProgressProps = OwnProps & (Followed | Given) & RootAttributes

/**
 * A progress bar for a run. Parts: `label`, `value`, `track`, `fill`, `failed`, `count`, `rate`, `left`, `note`.
 * It never goes back, is full only when the run has completed, and has no value where none is known.
 */
export function RunProgress(props: RunProgressProps): ReactElement {
  if (props.progress === undefined) return <FollowedProgress {...props} />
  return <Bar {...props} />
}

function FollowedProgress({ run, value, max, failed, monotonic, throttle, progress: _progress, ...rest }: OwnProps & Followed & RootAttributes): ReactElement {
  const progress = useRunProgress(run, { value, max, failed, monotonic, throttle })
  return <Bar {...rest} progress={progress} />
}

function stateOf({ isEnabled, isError, isPending, isComplete, isFailed, isDeterminate, isStarted, runStatus }: ProgressResult): RunProgressState['state'] {
  if (!isEnabled) return 'empty'
  if (isError && runStatus === undefined) return 'error'
  if (isPending) return 'loading'
  if (isComplete) return 'complete'
  if (isFailed) return runStatus === 'CANCELED' ? 'canceled' : 'failed'
  if (isDeterminate) return 'running'
  return isStarted ? 'indeterminate' : 'queued'
}

function Bar({
  progress,
  label = 'Progress',
  unit,
  details = true,
  locale,
  words,
  className,
  style,
  render,
  run: _run,
  ...attributes
}: OwnProps & Given & RootAttributes): ReactElement {
  const say = { ...ENGLISH, ...words }
  const state = stateOf(progress)
  const { fraction, failedFraction } = progress
  const isStale = useSteadyStale(progress.isStale)
  const percent = fraction === undefined ? undefined : percentText(fraction, locale)
  const status = {
    complete: say.complete,
    failed: percent === undefined ? say.failed : say.failedAt(percent),
    canceled: percent === undefined ? say.canceled : say.canceledAt(percent),
    queued: say.queued,
    loading: say.loading,
    empty: say.empty,
    error: say.error,
  }
  const headline = state === 'running' ? percent : state === 'indeterminate' ? undefined : status[state]
  const count = countText(progress, say, locale, unit)
  const isKnown = fraction !== undefined && state !== 'loading' && state !== 'empty' && state !== 'error'
  // spoken at the end, and on the way at most every 10 points and 10 s
  const spoken = useSparse(state === 'running' ? (fraction ?? 0) : state, percent ?? '')
  const isOver = state === 'complete' || state === 'failed' || state === 'canceled'

  return renderRoot(
    'div',
    'rf-progress',
    { state, stale: isStale },
    { className, style, render },
    attributes,
    <>
      {/* the bar's name and value text say the same */}
      <div className="rf-progress__head" aria-hidden="true">
        <span className="rf-progress__label" data-part="label">
          {label}
        </span>
        {headline !== undefined && (
          <span className="rf-progress__value" data-part="value">
            {headline}
          </span>
        )}
      </div>
      <div
        className="rf-progress__track"
        data-part="track"
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a <progress> has no parts that every browser draws
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={isKnown ? Math.floor(fraction * 100) : undefined}
        aria-valuetext={[headline, count].filter(Boolean).join(', ') || undefined}
      >
        <div className="rf-progress__fill" data-part="fill" style={{ '--rf-fraction': isKnown ? fraction : undefined } as CSSProperties} />
        {isKnown && failedFraction > 0 && (
          <div className="rf-progress__failed" data-part="failed" style={{ '--rf-fraction': failedFraction, '--rf-end': 1 - fraction } as CSSProperties} />
        )}
      </div>
      {details && state !== 'empty' && state !== 'error' && (
        <div className="rf-progress__foot">
          {count !== undefined && <span data-part="count">{count}</span>}
          {progress.ratePerSecond !== undefined && (
            <span data-part="rate">{say.perSecond([amountText(progress.ratePerSecond, locale), unit].filter(Boolean).join(' '))}</span>
          )}
          {isStale ? (
            <span className="rf-progress__note" data-part="note">
              {say.stale}
            </span>
          ) : (
            progress.secondsLeft !== undefined && <span data-part="left">{say.left(timeText(progress.secondsLeft, locale))}</span>
          )}
        </div>
      )}
      <Announcer text={isOver ? `${label}: ${status[state]}` : spoken === '' ? '' : `${label}: ${spoken}`} />
    </>,
  )
}

function countText({ value, max, isSuccess }: ProgressResult, { of }: ProgressWords, locale: string | undefined, unit: string | undefined): string | undefined {
  // a plain fraction is no count of anything
  if (!isSuccess || value === undefined || (max === 1 && unit === undefined)) return undefined
  const text = max === undefined ? amountText(value, locale) : of(amountText(value, locale), amountText(max, locale))
  return unit === undefined ? text : `${text} ${unit}`
}
