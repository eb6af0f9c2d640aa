// The log as it is written.
import type { ReactElement } from 'react'
import { importHooks } from './hooks.ts'
import { ScrollArea } from './scroll-area.tsx'

interface ImportLogProps {
  readonly runId: string
  readonly name: string
  /** The task has begun to log: what is not here yet is on its way. */
  readonly isOpened: boolean
}

export function ImportLog({ runId, name, isOpened }: ImportLogProps): ReactElement {
  const { log, isPending, isError, error, streamState } = importHooks.useRunStream(runId, 'log')
  const isEmpty = log.length === log.firstIndex
  const isWaited = isPending || streamState === 'waiting' || streamState === 'open'
  return (
    <div className="panel">
      <h4>Log</h4>
      {/* no live region: a screen reader would read every line; the status and the bar say what matters */}
      <ScrollArea className="panel-scroll" label={`Log of ${name}`} follows>
        {isError && <p className="problem">The log cannot be read: {error.message}</p>}
        {isEmpty && !isError && <p className="quiet">{isWaited ? (isOpened ? 'Loading…' : 'Waiting for the first line…') : 'Nothing was logged.'}</p>}
        {!isEmpty && (
          <ol className="log">
            {log.slice().map(({ at, level, line }, index) => (
              // lines are only ever added at the end
              <li key={log.firstIndex + index} data-level={level}>
                <time dateTime={new Date(at).toISOString()}>{new Date(at).toLocaleTimeString('en-GB')}</time>
                <span dir="auto">
                  {level !== 'info' && <span className="visually-hidden">{level}: </span>}
                  {line}
                </span>
              </li>
            ))}
          </ol>
        )}
      </ScrollArea>
    </div>
  )
}
