// The page that a server rendered becomes live without a warning, also where the client already knows more.
import { act } from '@testing-library/react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { RunProgress, RunStatusBadge, StreamText } from 'runfeed/components'
import { RunfeedProvider, useRunMetadata } from 'runfeed/react'
import { expect, test, vi } from 'vitest'
import { scriptedRun } from '../../src/testing/scripted-run.ts'
import { type FakeClient, fakeClient, logOf } from './fake-client.ts'

const initialData = scriptedRun({ id: 'run_a', metadata: { n: 7 } })
function Value() {
  const { metadata } = useRunMetadata('run_a', { initialData, select: (d) => d['n'] })
  return <b>{JSON.stringify(metadata)}</b>
}
const page = (client: FakeClient) => (
  <RunfeedProvider client={client}>
    <Value />
    <RunStatusBadge run="run_a" />
    <RunProgress run="run_a" locale="en" />
    <StreamText run="run_a" stream="text" />
  </RunfeedProvider>
)

test('hydrates what the server rendered, then shows what is newer', async () => {
  const client = fakeClient()
  const root = document.body.appendChild(document.createElement('div'))
  root.innerHTML = renderToString(page(fakeClient()))
  expect(root.querySelector('b')?.textContent).toBe('7')
  client.write('run_a', { n: 8, progress: 0.5 }, { version: 2 })
  client.stream('run_a', 'text').set({ log: logOf(['hello']), state: 'open' })
  const complaints = vi.spyOn(console, 'error')
  const view = await act(async () => hydrateRoot(root, page(client), { onRecoverableError: (error) => console.error(error) }))
  expect(complaints).not.toHaveBeenCalled()
  expect(root.querySelector('b')?.textContent).toBe('8')
  expect(root.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('50')
  expect(root.querySelector('[data-part=written]')?.textContent).toBe('hello')
  await act(async () => view.unmount())
  expect(client.followed()).toEqual([])
})
