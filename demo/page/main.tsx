import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createRunClient } from 'runfeed'
import { RunfeedProvider } from 'runfeed/react'
import 'runfeed/tokens.css'
import 'runfeed/styles.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/import-card.css'
import './styles/panels.css'
import './styles/text-panel.css'
import { App } from './app.tsx'

const client = createRunClient({ baseUrl: location.origin })

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <RunfeedProvider client={client}>
      <App />
    </RunfeedProvider>
  </StrictMode>,
)
