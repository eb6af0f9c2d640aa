// The page's plan: what there is to start, the imports, and beside them the text.
import type { ReactElement } from 'react'
import { ConnectionState } from './connection-state.tsx'
import { ImportList } from './import-list.tsx'
import { StartPanel } from './start-panel.tsx'
import { TextPanel } from './text-panel.tsx'
import { useAway } from './use-away.ts'

export function App(): ReactElement {
  const isAway = useAway()
  return (
    <>
      <header className="masthead">
        <div className="masthead-inner">
          <h1 className="wordmark">
            runfeed <span>demo</span>
          </h1>
          <ConnectionState isAway={isAway} />
        </div>
      </header>
      <main className="page">
        <div className="page-main">
          <StartPanel />
          <ImportList isAway={isAway} />
        </div>
        <aside className="page-side" aria-labelledby="text-title">
          <TextPanel />
        </aside>
      </main>
    </>
  )
}
