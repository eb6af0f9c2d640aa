// A client that is closed while its hooks are on the page, or before: nothing waits for ever.
import { render, renderHook, screen, waitFor } from '@testing-library/react'
import { Component, type ReactNode, StrictMode, Suspense, useEffect, useState } from 'react'
import { createRunClient, type RunClient } from 'runfeed'
import { RunfeedProvider, useRun, useRunMetadata, useRuns, useRunStream, useRunText, useSuspenseRun } from 'runfeed/react'
import { afterEach, beforeEach, expect, inject, onTestFinished, test, vi } from 'vitest'
import { record, setUp } from '../client/setup.ts'

const { react } = inject('versions')
const silent = (): RunClient => createRunClient({ baseUrl: '', fetch: () => new Promise(() => {}) })
let warnings: string[] = []
beforeEach(() => {
  warnings = []
  vi.spyOn(console, 'warn').mockImplementation((text: string) => void warnings.push(text))
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => void vi.restoreAllMocks())

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error: Error | undefined }> {
  override state: { readonly error: Error | undefined } = { error: undefined }
  static getDerivedStateFromError = (error: Error) => ({ error })
  override render() {
    const { error } = this.state
    return error ? <button onClick={() => this.setState({ error: undefined })}>{(error as Error & { type: string }).type}</button> : this.props.children
  }
}

// first, because it is said once per page
test('one whose clean-up alone is an effect’s fails where StrictMode cleans up once more, and the error and a warning say what to do', async () => {
  const Status = () => {
    const { status, error } = useRun('run_a')
    return <p>{`${status} ${error?.message}`}</p>
  }
  const App = () => {
    const [client] = useState(silent)
    useEffect(() => () => client.close(), [client])
    return (
      <RunfeedProvider client={client}>
        <Status />
      </RunfeedProvider>
    )
  }
  const { container, rerender } = render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
  // before 18 effects are not cleaned up once more, and it works
  await waitFor(() => expect(container.textContent).toMatch(react === '17' ? /^pending/ : /^error .*closed, for good.*StrictMode/))
  rerender(
    <StrictMode>
      <App />
    </StrictMode>,
  )
  expect(warnings.filter((text) => text.includes('closed, for good'))).toHaveLength(react === '17' ? 0 : 1)
})

const hooks: { readonly [name: string]: (client: RunClient) => { readonly status: string; readonly error: Error | undefined } } = {
  useRun: (client) => useRun('run_a', { client }),
  useRunMetadata: (client) => useRunMetadata('run_a', { client }),
  useRunStream: (client) => useRunStream('run_a', 'text', { client }),
  useRunText: (client) => useRunText('run_a', 'text', { client }),
  useRuns: (client) => useRuns({ tag: 'a' }, { client }),
}
test.each(Object.entries(hooks))('%s of a client that was closed before or after it came is in error', async (_, useHook) => {
  const client = silent()
  const before = renderHook(() => useHook(client))
  expect(before.result.current.status).toBe('pending')
  client.close()
  const after = renderHook(() => useHook(client))
  await waitFor(() => {
    for (const { result } of [before, after]) expect(result.current).toMatchObject({ status: 'error', error: { type: 'client_closed' } })
  })
  // and for whoever comes later
  const last = renderHook(() => useHook(client))
  await waitFor(() => expect(last.result.current).toMatchObject({ status: 'error', error: { type: 'client_closed' } }))
})

test('what was known to its end stays as it is, and of the rest the last value', async () => {
  const { client, transport, flush } = setUp()
  const ended = renderHook(() => useRun('run_a', { client }))
  const going = renderHook(() => useRun('run_b', { client }))
  await flush()
  transport.last.open()
  const run = record({ status: 'COMPLETED', finishedAt: 4 })
  transport.last.send(
    { event: 'run', data: { run, cursor: '1.t' } },
    { event: 'end', data: { run: 'run_a', cursor: '1.t', lengths: {}, settled: true } },
    { event: 'run', data: { run: record({ id: 'run_b' }), cursor: '1.t' } },
  )
  await flush()
  client.close()
  await flush()
  await waitFor(() => expect(going.result.current).toMatchObject({ status: 'error', run: { id: 'run_b' }, error: { type: 'client_closed' } }))
  expect(ended.result.current).toMatchObject({ status: 'success', run: { id: 'run_a' }, error: undefined })
})

// what a legacy root does with Suspense is its own
test.each(react === '17' ? [] : ['before', 'during'])(
  'a component that is suspended on one that was closed %s the wait ends in its boundary, each time',
  async (when) => {
    const client = silent()
    // React 18 shows the window, in development, what a boundary catches
    const caught = (event: ErrorEvent): void => event.preventDefault()
    window.addEventListener('error', caught)
    onTestFinished(() => window.removeEventListener('error', caught))
    if (when === 'before') client.close()
    const Reader = () => <p>{useSuspenseRun('run_a', { client }).run.status}</p>
    render(
      <Boundary>
        <Suspense fallback="waiting">
          <Reader />
        </Suspense>
      </Boundary>,
    )
    expect(document.body.textContent).toContain('waiting')
    client.close()
    const button = await screen.findByText('client_closed')
    button.click()
    await waitFor(() => expect(screen.queryByText('client_closed')).not.toBe(button))
    await screen.findByText('client_closed')
  },
)
