// A server renders what it knows; the browser shows the same at once, and goes on from there without asking for it again.
import { act, render, renderHook, waitFor } from '@testing-library/react'
import { StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { createRunClient, dehydrate, type RunClient } from 'runfeed'
import { HydrationBoundary, RunfeedProvider, useRun, useRunMetadata, useRuns, useRunText } from 'runfeed/react'
import { createScriptedFeed, manualScheduler, type Script } from 'runfeed/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { record, setUp } from '../client/setup.ts'
import { startThread } from './thread.ts'

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
const page = (client: RunClient, state: string | undefined) => (
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

test('a client that was behind shows what the server knew, and who showed it before does too', async () => {
  const { client, transport, flush } = setUp()
  const run = (version: number): Frame => ({ event: 'run', data: { run: record({ version }), cursor: `${version}.t` } })
  const before = renderHook(() => useRun('run_a', { client }).run?.version)
  await act(flush)
  transport.last.open()
  transport.last.send(run(25))
  await act(flush)
  expect(before.result.current).toBe(25)
  const server = setUp()
  onTestFinished(server.client.run('run_a').subscribe(() => {}))
  await server.flush()
  server.transport.last.open()
  server.transport.last.send(run(51))
  await server.flush()
  const { result } = renderHook(() => useRun('run_a', { client }).run?.version, {
    wrapper: ({ children }) => (
      <HydrationBoundary client={client} state={dehydrate(server.client)}>
        {children}
      </HydrationBoundary>
    ),
  })
  expect([result.current, before.result.current]).toEqual([51, 51])
})

test('what no component has read goes with the boundary, and stays for those that come while it is there', async () => {
  const state = await dehydrated()
  for (const isMounted of [true, false]) {
    const client = createRunClient({ baseUrl: '' })
    const view = render(
      <StrictMode>
        <HydrationBoundary client={client} state={state} />
      </StrictMode>,
    )
    if (!isMounted) view.unmount()
    expect(client.run('run_a').getSnapshot().run?.metadata['n']).toBe(isMounted ? 1 : undefined)
    expect(client.stream('run_a', 'text').getSnapshot().log.length).toBe(isMounted ? 1 : 0)
  }
})

test('a list is in the page that a server renders, and goes on from the records that it had', async () => {
  const server = await startThread()
  const onServer = createRunClient({ baseUrl: server.url })
  const tags = ['page']
  const { id: waiting } = await onServer.runs.trigger('wait', null, { tags })
  await onServer.runs.trigger('count', 2, { tags })
  for await (const runs of onServer.runList({ tag: 'page', limit: 2 })) if (runs.length === 2 && runs[0]?.finishedAt && runs[1]?.startedAt) break
  const state = dehydrate(onServer)
  onServer.close()

  function List() {
    const { runs, hasMore, isStale } = useRuns({ tag: 'page' }, { limit: 2 })
    return (
      <b>{`${runs?.map(({ status, metadata }) => `${status} ${JSON.stringify(metadata['n'] ?? '-')}`).join(', ')}${hasMore ? ' and more' : ''}${isStale ? '' : '!'}`}</b>
    )
  }
  const view = (client: RunClient) => (
    <StrictMode>
      <RunfeedProvider client={client}>
        <HydrationBoundary state={state}>
          <List />
        </HydrationBoundary>
      </RunfeedProvider>
    </StrictMode>
  )
  const sent: string[] = []
  const client = createRunClient({
    baseUrl: server.url,
    fetch: (input, init) => {
      if (init?.method === 'POST') sent.push(init.body as string)
      return fetch(input, init)
    },
  })
  onTestFinished(() => client.close())
  const html = renderToString(view(client))
  expect(html).toContain('COMPLETED 2, EXECUTING')
  expect(sent).toEqual([])
  const root = document.body.appendChild(document.createElement('div'))
  root.innerHTML = html
  const complaints = vi.spyOn(console, 'error')
  const app = await act(async () => hydrateRoot(root, view(client), { onRecoverableError: (error) => console.error(error) }))
  await waitFor(() => expect(root.textContent).toBe('COMPLETED 2, EXECUTING "-"!'))
  expect(complaints).not.toHaveBeenCalled()
  // it asks for what came after the records that it was given
  expect(JSON.parse(sent[0] ?? '')).toMatchObject({ wants: [{ cursors: { [waiting]: expect.any(String) as string } }] })
  await act(async () => void (await client.runs.trigger('count', 1, { tags })))
  await waitFor(() => expect(root.textContent).toBe('COMPLETED 1, COMPLETED 2 and more!'))
  await act(async () => app.unmount())
}, 60_000)

test('state that cannot be read is left out, with a warning in development', () => {
  const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const feed = createScriptedFeed({ script, at: 5, scheduler: manualScheduler() })
  expect(renderToString(page(feed.client.getSnapshot(), '{"not": "it"}'))).toBe('<b>undefined undefined undefined</b>')
  expect(said.mock.calls[0]?.[0]).toContain('<HydrationBoundary>')
  // a server that could not be asked gives none, which is no mistake
  said.mockClear()
  expect(renderToString(page(feed.client.getSnapshot(), undefined))).toBe('<b>undefined undefined undefined</b>')
  expect(said).not.toHaveBeenCalled()
})
