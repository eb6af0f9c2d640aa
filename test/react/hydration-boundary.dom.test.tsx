// A server renders what it knows; the browser shows the same at once, and goes on from there without asking for it again.
import { act, renderHook, waitFor } from '@testing-library/react'
import { StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { createRunClient, dehydrate, type RunClient } from 'runfeed'
import { HydrationBoundary, RunfeedProvider, useRun, useRunMetadata, useRunText } from 'runfeed/react'
import { createScriptedFeed, manualScheduler, type Script } from 'runfeed/testing'
import { expect, test, vi } from 'vitest'

const script: Script = [
  { at: 0, run: { id: 'run_a', metadata: { n: 1, text: '</script><b>' } } },
  { at: 1, stream: { run: 'run_a', stream: 'text', chunks: ['Hello'] } },
  { at: 10, run: { id: 'run_a', metadata: { n: 2 } } },
  { at: 11, stream: { run: 'run_a', stream: 'text', chunks: [' world'] } },
]

function Page() {
  const { metadata } = useRunMetadata('run_a', { select: (d) => d['n'] })
  const status = useRun('run_a', { select: ({ status: s }) => s }).run
  return <b>{`${status} ${JSON.stringify(metadata)} ${useRunText('run_a', 'text').text}`}</b>
}
const page = (client: RunClient, state: string) => (
  <StrictMode>
    <RunfeedProvider client={client}>
      <HydrationBoundary state={state}>
        <Page />
      </HydrationBoundary>
    </RunfeedProvider>
  </StrictMode>
)

/** What a server has read, as it goes into the page. */
async function dehydrated(): Promise<string> {
  const feed = createScriptedFeed({ script, at: 5 })
  const client = feed.client.getSnapshot()
  const { result } = renderHook(() => [useRun('run_a', { client }), useRunText('run_a', 'text', { client })] as const)
  await waitFor(() => expect([result.current[0].run?.metadata['n'], result.current[1].text]).toEqual([1, 'Hello']))
  const state = dehydrate(client)
  client.close()
  return state
}

test('the server opens nothing, and the page becomes live without a warning', async () => {
  const state = await dehydrated()
  expect(state).not.toContain('</script')
  const onServer = createScriptedFeed({ script, at: 5 })
  const html = renderToString(page(onServer.client.getSnapshot(), state))
  expect(html).toBe('<b>EXECUTING 1 Hello</b>')
  expect(onServer.connections).toBe(0)

  // by the time that the browser is there, more has happened
  const feed = createScriptedFeed({ script, at: 10 })
  const root = document.body.appendChild(document.createElement('div'))
  root.innerHTML = html
  const complaints = vi.spyOn(console, 'error')
  const view = await act(async () => hydrateRoot(root, page(feed.client.getSnapshot(), state), { onRecoverableError: (error) => console.error(error) }))
  expect(root.textContent).toContain('EXECUTING')
  await waitFor(() => expect(root.textContent).toBe('EXECUTING 2 Hello'))
  act(() => feed.at(11))
  await waitFor(() => expect(root.textContent).toBe('EXECUTING 2 Hello world'))
  expect(complaints).not.toHaveBeenCalled()
  expect(feed.connections).toBe(1)
  await act(async () => view.unmount())
})

test('the client goes on from where the server was: it asks by its cursors', async () => {
  const state = await dehydrated()
  const feed = createScriptedFeed({ script, at: 5 })
  const wants: unknown[] = []
  const client = createRunClient({
    transport: {
      stream: (asked, signal) => {
        wants.push(...asked)
        return feed.stream(asked, signal)
      },
      request: (...call) => feed.request(...call),
    },
  })
  const view = renderHook(() => useRunMetadata('run_a'), {
    wrapper: ({ children }) => (
      <RunfeedProvider client={client}>
        <HydrationBoundary state={state}>{children}</HydrationBoundary>
      </RunfeedProvider>
    ),
  })
  expect(view.result.current).toMatchObject({ status: 'success', metadata: { n: 1 } })
  await waitFor(() => expect(wants).toHaveLength(1))
  expect(wants[0]).toMatchObject({ run: 'run_a', cursor: expect.any(String) as string })
  client.close()
})

test('state that cannot be read is left out, with a warning in development', () => {
  const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const feed = createScriptedFeed({ script, at: 5, scheduler: manualScheduler() })
  expect(renderToString(page(feed.client.getSnapshot(), '{"not": "it"}'))).toBe('<b>undefined undefined undefined</b>')
  expect(said.mock.calls[0]?.[0]).toContain('<HydrationBoundary>')
})
