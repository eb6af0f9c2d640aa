// On a server: nothing is asked for, whatever hook is there, and what is known is in the page.
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { createRunClient, dehydrate } from 'runfeed'
import {
  HydrationBoundary,
  RunfeedProvider,
  useCancelRun,
  useConnection,
  useRun,
  useRunChildren,
  useRunHistory,
  useRunMetadata,
  useRunProgress,
  useRuns,
  useRunStream,
  useRunText,
  useSuspenseRun,
  useTriggerRun,
} from 'runfeed/react'
import { expect, onTestFinished, test } from 'vitest'
import { scriptedRun } from '../../src/testing/scripted-run.ts'
import { record, setUp } from '../client/setup.ts'
import { fakeClient } from './fake-client.ts'

function Page({ known }: { readonly known: boolean }) {
  const initialData = known ? scriptedRun({ id: 'run_a', metadata: { n: 7, progress: 0.5 } }) : undefined
  const { status, metadata } = useRunMetadata('run_a', { initialData })
  const { fraction } = useRunProgress('run_a', { initialData })
  const { streamState } = useRunStream('run_a', 'text')
  return createElement('p', null, [status, JSON.stringify(metadata?.['n']) ?? 'nothing', String(fraction), streamState].join(' '))
}

test.each([
  [true, '<p>success 7 0.5 waiting</p>'],
  [false, '<p>pending nothing undefined waiting</p>'],
])('with initial data %s', (known, html) => {
  const client = fakeClient()
  expect(renderToString(createElement(RunfeedProvider, { client }, createElement(Page, { known })))).toBe(html)
  expect(client.followed()).toEqual([])
})

function Everything() {
  const states = [
    useRun('run_a').status,
    useRunMetadata('run_a').status,
    useRunStream('run_a', 'text').status,
    useRunText('run_a', 'text').status,
    useRunProgress('run_a').status,
    useRuns({ tag: 'x' }).status,
    useRunChildren('run_a').status,
    useRunHistory('run_a').status,
    useTriggerRun('t').status,
    useCancelRun('run_a').status,
    useConnection().status,
    useSuspenseRun('run_a', { initialData: scriptedRun({ id: 'run_a' }) }).status,
  ]
  return createElement('p', null, states.join(' '))
}

test('no hook opens a connection or makes a request', () => {
  let asked = 0
  const refuse = (): never => {
    asked++
    throw new Error('a server asks for nothing')
  }
  const client = createRunClient({ transport: { stream: refuse, request: refuse } })
  const html = renderToString(createElement(RunfeedProvider, { client }, createElement(Everything)))
  expect(html).toBe('<p>pending pending pending pending pending pending pending pending idle idle idle success</p>')
  expect([asked, client.connection.getSnapshot().status]).toEqual([0, 'idle'])
})

test('a Suspense hook that knows nothing says what to do', () => {
  const client = fakeClient()
  const Reader = () => createElement('p', null, useSuspenseRun('run_a').run.id)
  expect(() => renderToString(createElement(RunfeedProvider, { client }, createElement(Reader)))).toThrow(/initialData/)
  expect(client.followed()).toEqual([])
})

test('a boundary shows what was known, and leaves nothing of it in a client that outlives the request', async () => {
  const { client: known, transport, flush } = setUp()
  for (const id of ['run_a', 'run_b']) onTestFinished(known.run(id).subscribe(() => {}))
  await flush()
  transport.last.open()
  for (const id of ['run_a', 'run_b']) transport.last.send({ event: 'run', data: { run: record({ id }), cursor: '1.t' } })
  await flush()
  const { client } = setUp()
  const Status = () => createElement('p', null, useRun('run_a').run?.status)
  const page = createElement(RunfeedProvider, { client }, createElement(HydrationBoundary, { state: dehydrate(known) }, createElement(Status)))
  expect(renderToString(page)).toBe('<p>EXECUTING</p>')
  expect(['run_a', 'run_b'].map((id) => client.run(id).getSnapshot().run)).toEqual([undefined, undefined])
})
