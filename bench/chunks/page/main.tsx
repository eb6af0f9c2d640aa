// Shows the last parts of a stream without end, and says how far it is.
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { createRunClient } from 'runfeed'
import { RunfeedProvider, useRunStream } from 'runfeed/react'

export interface ChunksPage {
  /** How many parts came so far. */
  length: number
  /** How many of them are there. */
  kept: number
  isTruncated: boolean
  state: string
  last: unknown
}

declare global {
  interface Window {
    chunks: ChunksPage
  }
}

const { searchParams } = new URL(location.href)
const client = createRunClient({ baseUrl: '' })

function Log() {
  const { log, parts = [], isTruncated, streamState } = useRunStream(searchParams.get('run'), 'log', { maxParts: Number(searchParams.get('parts')) })
  useEffect(() => {
    window.chunks = { length: log.length, kept: parts.length, isTruncated, state: streamState, last: parts.at(-1) }
  })
  return <output>{log.length}</output>
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <RunfeedProvider client={client}>
    <Log />
  </RunfeedProvider>,
)
