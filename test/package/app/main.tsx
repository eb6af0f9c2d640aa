// An application as a user writes it: it knows `runfeed` by its package alone.
import { createRoot } from 'react-dom/client'
import { createRunClient } from 'runfeed'
import { RunProgress, RunStatusBadge, StreamText } from 'runfeed/components'
import { RunfeedProvider, useRunMetadata } from 'runfeed/react'
import 'runfeed/tokens.css'
import 'runfeed/styles.css'

const client = createRunClient({ baseUrl: '' })

function App({ id }: { id: string }) {
  const { metadata } = useRunMetadata(id)
  return (
    <main>
      <RunStatusBadge run={id} />
      <RunProgress run={id} label="Rows" value="done" max="total" />
      <StreamText run={id} stream="text" />
      <pre>{JSON.stringify(metadata)}</pre>
    </main>
  )
}

const { id } = await client.runs.trigger('work', { rows: 3 })
createRoot(document.getElementById('root') as HTMLElement).render(
  <RunfeedProvider client={client}>
    <App id={id} />
  </RunfeedProvider>,
)
