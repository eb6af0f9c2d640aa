// A run that writes a text, at a speed that one sets, and that can be stopped. The newest one is shown, whoever started it.
import { RunProgress, RunStatusBadge, StreamText } from 'runfeed/components'
import { useCancelRun, useRunProgress } from 'runfeed/react'
import { type ReactElement, useId, useState } from 'react'
import { messageOf } from './api.ts'
import { Button } from './button.tsx'
import { textHooks } from './hooks.ts'
import { Problem } from './problem.tsx'
import { ScrollArea } from './scroll-area.tsx'

const DEFAULT_SPEED = 40
/** Beyond it nobody reads along. */
const MAX_SPEED = 200

export function TextPanel(): ReactElement {
  const { runs, isPending, error, isStale } = textHooks.useRuns({}, { limit: 1 })
  const newest = runs?.[0]
  const live = textHooks.useRun(newest?.id)
  const run = live.run ?? newest
  const progress = useRunProgress(newest?.id)
  const start = textHooks.useTriggerRun()
  const cancel = useCancelRun(newest?.id)
  const [chosen, setChosen] = useState<number>()
  const slider = useId()

  const speed = chosen ?? Math.min(live.run?.payload.tokensPerSecond ?? DEFAULT_SPEED, MAX_SPEED)
  const isRunning = run !== undefined && run.finishedAt === null
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
          aria-valuetext={`${speed} tokens per second`}
          onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}
        />
        {/* no <output>: the slider's own value text says it already */}
        <span className="speed-value" aria-hidden="true">
          {speed} tokens/s
        </span>
      </div>
      <div className="text-controls">
        <Button isPrimary={!isRunning} isOff={start.isPending || isEnding || isPending} press={act}>
          {isEnding ? 'Canceling…' : isRunning ? 'Cancel' : 'Start'}
        </Button>
      </div>
      <Problem text={problem && messageOf(problem)} />
      {run && <RunProgress key={run.id} progress={progress} label="Text" details={false} />}
      {/* what is whole is read from its beginning; of what was stopped the end says so */}
      <ScrollArea className="text-scroll" label="The text" follows={run !== undefined && run.status !== 'COMPLETED'}>
        <StreamText run={run?.id} stream="text" words={{ empty: isPending ? 'Loading…' : 'Press Start, and the text is written here.' }} />
      </ScrollArea>
    </div>
  )
}
