// The page's plan: what there is to start, the imports, and beside them the text.
import type { ReactElement } from 'react'
import { csvImport } from '../contracts.ts'
import { ConnectionState } from './connection-state.tsx'
import { ImportList } from './import-list.tsx'
import { StartPanel } from './start-panel.tsx'
import { TextPanel } from './text-panel.tsx'
import { useRunList } from './use-run-list.ts'

export function App(): ReactElement {
  const imports = useRunList(csvImport.id, 10)
  return (
    <>
      <header className="masthead">
        <div className="masthead-inner">
          <h1 className="wordmark">
            runfeed <span>demo</span>
          </h1>
          <ConnectionState isUnreachable={imports.error !== undefined} />
        </div>
      </header>
      <main className="page">
        <div className="page-main">
          <StartPanel started={imports.refresh} />
          <ImportList list={imports} />
        </div>
        <aside className="page-side" aria-labelledby="text-title">
          <TextPanel />
        </aside>
      </main>
    </>
  )
}
