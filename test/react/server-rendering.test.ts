// On a server: nothing is asked for, and what is known is in the page.
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { RunfeedProvider, useRunMetadata, useRunProgress, useRunStream } from 'runfeed/react'
import { expect, test } from 'vitest'
import { scriptedRun } from '../../src/testing/scripted-run.ts'
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
