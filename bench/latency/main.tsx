// Shows one value of each run that the address names, and notes when each change of it reached the DOM.
import { createRoot } from 'react-dom/client'
import { createRunClient } from 'runfeed'
import { RunfeedProvider, useRunMetadata } from 'runfeed/react'

const client = createRunClient({ baseUrl: '' })
const ids = (new URL(location.href).searchParams.get('runs') ?? '').split(',')
const delays: number[] = []
let ended = 0
Object.assign(globalThis, { results: () => ({ delays, ended }) })

function Value({ id }: { id: string }) {
  const { metadata } = useRunMetadata(id, { onComplete: () => ended++ })
  const at = metadata?.['at']
  return <output>{typeof at === 'number' ? at : ''}</output>
}

new MutationObserver((changes) => {
  const now = performance.timeOrigin + performance.now()
  for (const value of new Set(changes.map(({ target }) => Number(target.textContent)))) if (value > 0) delays.push(now - value)
}).observe(document.body, { subtree: true, childList: true, characterData: true })

createRoot(document.getElementById('root') as HTMLElement).render(
  <RunfeedProvider client={client}>
    {ids.map((id) => (
      <Value key={id} id={id} />
    ))}
  </RunfeedProvider>,
)
