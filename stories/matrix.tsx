// What the stories share: a frozen moment of a script, and a matrix of such moments with what each shows.
import { type CSSProperties, type ReactElement, type ReactNode, useEffect, useMemo, useSyncExternalStore } from 'react'
import { RunfeedProvider } from 'runfeed/react'
import { createScriptedFeed, type ScriptedFeedOptions } from 'runfeed/testing'

interface MomentProps extends Pick<ScriptedFeedOptions, 'script' | 'tasks' | 'cancel'> {
  readonly at: number
  readonly children: ReactNode
}

/** A script at a moment. Moving `at` plays on; moving it back begins again, without what was asked for later. */
export function Moment({ script, tasks, cancel, at, children }: MomentProps): ReactElement {
  const feed = useMemo(() => createScriptedFeed({ ...(script && { script }), ...(tasks && { tasks }), ...(cancel && { cancel }) }), [script, tasks, cancel])
  useEffect(() => feed.at(at), [feed, at])
  const client = useSyncExternalStore(feed.client.subscribe, feed.client.getSnapshot, feed.client.getSnapshot)
  return <RunfeedProvider client={client}>{children}</RunfeedProvider>
}

interface Case {
  readonly name: string
  readonly show: ReactNode
  readonly dir?: 'rtl'
}

const cell: CSSProperties = { display: 'grid', gap: 10, alignContent: 'start', minWidth: 0 }
const name: CSSProperties = { margin: 0, fontSize: 12, fontWeight: 400, color: 'var(--rf-fg-muted)', fontFamily: 'ui-monospace, monospace' }

export function Matrix({ cases, width }: { readonly cases: readonly Case[]; readonly width: number }): ReactElement {
  const grid: CSSProperties = { display: 'grid', gap: '32px 40px', gridTemplateColumns: `repeat(auto-fill, minmax(min(${width}px, 100%), 1fr))` }
  return (
    <div style={grid}>
      {cases.map(({ name: title, show, dir }) => (
        <section key={title} style={cell} aria-label={title}>
          <h3 style={name}>{title}</h3>
          <div dir={dir}>{show}</div>
        </section>
      ))}
    </div>
  )
}
