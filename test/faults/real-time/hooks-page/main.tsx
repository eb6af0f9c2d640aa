// Ten hooks of one run, with a token that the page asks for whenever the client does, and what each of them saw.
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { createRunClient } from 'runfeed'
import { RunfeedProvider, useRunMetadata, useRunStream } from 'runfeed/react'

export interface HooksPage {
  /** Of each hook of the stream. */
  readonly parts: unknown[][]
  /** The last value of each hook of the metadata. */
  readonly values: unknown[]
  readonly errors: string[]
  /** How often a hook was told of the run's end. */
  ended: number
}

declare global {
  interface Window {
    hooks: HooksPage
  }
}

const HOOKS = 5
const run = new URL(location.href).searchParams.get('run') ?? ''
window.hooks = { parts: Array.from({ length: HOOKS }, () => []), values: [], errors: [], ended: 0 }

const client = createRunClient({
  baseUrl: '',
  accessToken: async () => (await fetch('/token')).text(),
})

function Parts({ at }: { at: number }) {
  const { error } = useRunStream(run, 'log', { onData: (parts) => window.hooks.parts[at]?.push(...parts) })
  useNoted(error)
  return null
}

function Value({ at }: { at: number }) {
  const { metadata, error } = useRunMetadata(run, { onComplete: () => void window.hooks.ended++ })
  useNoted(error)
  useEffect(() => {
    window.hooks.values[at] = metadata?.['n']
  })
  return null
}

function useNoted(error: Error | undefined): void {
  useEffect(() => {
    if (error) window.hooks.errors.push(String(error))
  }, [error])
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <RunfeedProvider client={client}>
    {Array.from({ length: HOOKS }, (_, at) => (
      <Parts key={`parts ${at}`} at={at} />
    ))}
    {Array.from({ length: HOOKS }, (_, at) => (
      <Value key={`value ${at}`} at={at} />
    ))}
  </RunfeedProvider>,
)
