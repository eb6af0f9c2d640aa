// A run that writes a text, at a speed that one sets, and that can be stopped. The newest one is shown, whoever started it.
import { RunProgress, RunStatusBadge, StreamText } from 'runfeed/components'
import { useRunClient, useRunProgress } from 'runfeed/react'
import { type ReactElement, useId, useState } from 'react'
import { streamText } from '../contracts.ts'
import { textHooks } from './hooks.ts'
import { ScrollArea } from './scroll-area.tsx'
import { useAction } from './use-action.ts'
import { useRunList } from './use-run-list.ts'

const DEFAULT_SPEED = 40
/** Beyond it nobody reads along. */
const MAX_SPEED = 200

export function TextPanel(): ReactElement {
  const { runs: api } = useRunClient()
  const { runs, error, refresh } = useRunList(streamText.id, 1)
  const newest = runs?.[0]
  // the list may know more than a connection that is away: what is shown comes from the newest record of all, button and badge alike
  const { run, isStale } = textHooks.useRun(newest?.id, { initialData: newest })
  const progress = useRunProgress(newest?.id, { initialData: newest })
  const [chosen, setChosen] = useState<number>()
  const action = useAction()
  const slider = useId()

  const last = streamText.payload.safeParse(newest?.payload)
  const speed = chosen ?? (last.success ? Math.min(last.data.tokensPerSecond, MAX_SPEED) : DEFAULT_SPEED)
  const isRunning = run !== undefined && run.finishedAt === null
  const isEnding = isRunning && run.cancelRequestedAt !== null
  // the list of imports says it too, and louder, once there is something to show
  const problem = action.error ?? (runs === undefined ? error : undefined)
  const act = async (): Promise<void> => {
    if (isRunning) await api.cancel(run.id)
    else await api.trigger(streamText.id, { tokensPerSecond: speed })
    refresh()
  }

  return (
    <div className="card text-run">
      <div className="card-head">
        <h2 id="text-title">Stream a text</h2>
        {run && <RunStatusBadge status={run.status} stale={isStale} labels={{ EXECUTING: 'Writing' }} />}
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
        <button
          type="button"
          className="button"
          data-kind={isRunning ? undefined : 'primary'}
          disabled={action.isBusy || isEnding || runs === undefined}
          onClick={() => action.run(act)}
        >
          {isEnding ? 'Canceling…' : isRunning ? 'Cancel' : 'Start'}
        </button>
      </div>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {run && <RunProgress key={run.id} progress={progress} label="Text" details={false} />}
      <ScrollArea className="text-scroll" label="The text" follows={isRunning}>
        <StreamText run={run?.id} stream="text" words={{ empty: runs === undefined ? 'Loading…' : 'Press Start, and the text is written here.' }} />
      </ScrollArea>
    </div>
  )
}
