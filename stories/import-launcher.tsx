// A start button and what it started, with `useTriggerRun` and `useCancelRun`, as an application would write it.
import { RunProgress, RunStatusBadge } from 'runfeed/components'
import { type RunRef, useCancelRun, useRun, useTriggerRun } from 'runfeed/react'
import type { CSSProperties, ReactElement } from 'react'

const card: CSSProperties = { border: '1px solid var(--rf-line)', borderRadius: 12, background: 'var(--rf-bg)', overflow: 'hidden' }
const line: CSSProperties = { display: 'flex', flexWrap: 'wrap', alignItems: 'center', justifyContent: 'space-between', gap: '8px 16px', padding: '12px 16px' }
const below: CSSProperties = { borderBlockStart: '1px solid var(--rf-line)', padding: '14px 16px', display: 'grid', gap: 10 }
const title: CSSProperties = { margin: 0, fontSize: 15, fontWeight: 600 }
const problem: CSSProperties = { margin: 0, color: 'var(--rf-danger-fg)', fontSize: 13 }
const button: CSSProperties = {
  padding: '6px 12px',
  border: '1px solid var(--rf-track-line)',
  borderRadius: 'var(--rf-radius)',
  background: 'none',
  color: 'inherit',
  font: 'inherit',
  fontSize: 13,
  fontWeight: 550,
  cursor: 'pointer',
}
const waiting: CSSProperties = { ...button, border: '1px solid var(--rf-line)', color: 'var(--rf-fg-muted)', cursor: 'default' }

export function ImportLauncher({ file }: { readonly file: string }): ReactElement {
  const { trigger, handle, isPending, error } = useTriggerRun<{ readonly file: string }>('import')
  return (
    <div style={card}>
      <div style={line}>
        <h4 style={title}>Import {file}</h4>
        <button type="button" style={isPending ? waiting : button} disabled={isPending} onClick={() => void trigger({ file }, { tags: ['team:7'] })}>
          {isPending ? 'Starting…' : handle ? 'Start again' : 'Start'}
        </button>
      </div>
      {error && (
        <p style={{ ...below, ...problem }} role="alert">
          {error.message}
        </p>
      )}
      {handle && <Started key={handle.id} run={handle} file={file} />}
    </div>
  )
}

function Started({ run: ref, file }: { readonly run: RunRef; readonly file: string }): ReactElement {
  const { run } = useRun(ref)
  const { cancel, isPending, error } = useCancelRun(ref)
  const isStopping = isPending || (run !== undefined && run.cancelRequestedAt !== null)
  return (
    <div style={below}>
      <RunProgress run={ref} label={file} value="rows" max="total" unit="rows" locale="en" />
      <div style={{ ...line, padding: 0 }}>
        <RunStatusBadge run={ref} />
        {run?.finishedAt === null && (
          <button type="button" style={isStopping ? waiting : button} disabled={isStopping} onClick={() => void cancel()}>
            {isStopping ? 'Stopping…' : 'Cancel'}
          </button>
        )}
      </div>
      {error && (
        <p style={problem} role="alert">
          {error.message}
        </p>
      )}
    </div>
  )
}
