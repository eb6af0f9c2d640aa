// A run that writes a text, at a speed that one sets, and that can be stopped. The newest one is shown, whoever started it.
import { RunProgress, RunStatusBadge, StreamText } from 'runfeed/components'
import { useCancelRun, useRunProgress } from 'runfeed/react'
import { type ReactElement, useId, useState } from 'react'
import { isUnreachable, messageOf } from './api.ts'
import { Button } from './button.tsx'
import { textHooks } from './hooks.ts'
import { Problem } from './problem.tsx'
import { ScrollArea } from './scroll-area.tsx'
import { useBack } from './use-back.ts'

const DEFAULT_SPEED = 40
/** Beyond it nobody reads along. */
const MAX_SPEED = 200
/** Texts among which one that is being written is looked for. */
const LOOKED_AT = 10

export function TextPanel(): ReactElement {
  const { runs, isPending, error, isStale } = textHooks.useRuns({}, { limit: LOOKED_AT })
  // of two that were started at once both are to be seen, and stopped, in turn
  const listed = runs?.find(({ finishedAt }) => finishedAt === null) ?? runs?.[0]
  const live = textHooks.useRun(listed?.id)
  const run = live.run ?? listed
  const progress = useRunProgress(listed?.id)
  const start = textHooks.useTriggerRun()
  const cancel = useCancelRun(listed?.id)
  useBack(() => {
    for (const action of [start, cancel]) if (isUnreachable(action.error)) action.reset()
  })
  const [chosen, setChosen] = useState<number>()
  const slider = useId()

  const isRunning = run !== undefined && run.finishedAt === null
  const asked = speedOf(live.run?.payload)
  const speed = chosen ?? asked
  const speedText = `${speed} tokens/s${isRunning && live.run && speed !== asked ? ' from the next start' : ''}`
  const isEnding = isRunning && (cancel.isPending || run.cancelRequestedAt !== null)
  const problem = (isRunning ? cancel.error : start.error) ?? error
  const act = (): void => {
    if (isRunning) return void cancel.cancel()
    setChosen(speed)
    cancel.reset()
    void start.trigger({ tokensPerSecond: speed })
  }

  return (
    <div className="card text-run">
      <div className="card-head">
        <h2 id="text-title">Stream a text</h2>
        {run && <RunStatusBadge status={run.status} stale={isRunning && isStale} labels={{ EXECUTING: 'Writing' }} />}
      </div>
      <p className="quiet">
        <cite>Alice’s Adventures in Wonderland</cite>, token by token.
      </p>
      <div className="speed">
        <label htmlFor={slider}>Speed</label>
        <input
          id={slider}
          type="range"
          min={1}
          max={MAX_SPEED}
          value={speed}
          aria-valuetext={speedText.replace('tokens/s', 'tokens per second')}
          onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}
        />
        {/* no <output>: the slider's own value text says it already */}
        <span className="speed-value" aria-hidden="true">
          {speedText}
        </span>
      </div>
      <div className="text-controls">
        <Button isPrimary={!isRunning} isOff={start.isPending || isEnding || isPending} press={act}>
          {isEnding ? 'Canceling…' : isRunning ? 'Cancel' : 'Start'}
        </Button>
      </div>
      <Problem text={problem && messageOf(problem)} />
      {run?.error && (
        <p className="failure">
          <strong>The text was not written to its end.</strong> {run.error.message}
        </p>
      )}
      {run && <RunProgress key={run.id} progress={progress} label="Text" details={false} />}
      {/* what is whole is read from its beginning; of what was stopped the end says so */}
      <ScrollArea className="text-scroll" label="The text" follows={run !== undefined && run.status !== 'COMPLETED'}>
        <StreamText run={run?.id} stream="text" words={{ empty: isPending ? 'Loading…' : 'Press Start, and the text is written here.' }} />
      </ScrollArea>
    </div>
  )
}

/** Of a run that anybody may have started, with any payload. */
function speedOf(payload: unknown): number {
  const asked = typeof payload === 'object' && payload !== null && 'tokensPerSecond' in payload ? Number(payload.tokensPerSecond) : Number.NaN
  return Number.isFinite(asked) ? Math.round(Math.min(Math.max(asked, 1), MAX_SPEED)) : DEFAULT_SPEED
}
