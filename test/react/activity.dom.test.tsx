// React 19's Activity: hidden is unmounted to us, and loses nothing.
import { act, render } from '@testing-library/react'
import { Activity } from 'react'
import { RunfeedProvider, useRunMetadata } from 'runfeed/react'
import { expect, test } from 'vitest'
import { fakeClient } from './fake-client.ts'

const told: unknown[] = []

test('a hidden Activity lets go of its run, and shows the newest when it is back, with nothing told twice', async () => {
  const client = fakeClient()
  client.write('run_a', { n: 1 })
  const Reader = () => <b>{JSON.stringify(useRunMetadata('run_a', { select: (d) => d['n'], onData: (n) => told.push(n) }).metadata)}</b>
  const page = (mode: 'visible' | 'hidden') => (
    <RunfeedProvider client={client}>
      <Activity mode={mode}>
        <Reader />
      </Activity>
    </RunfeedProvider>
  )
  const view = render(page('visible'))
  expect(client.run('run_a').listeners.size).toBe(1)
  await act(async () => view.rerender(page('hidden')))
  expect(client.followed()).toEqual([])
  client.write('run_a', { n: 2 })
  await act(async () => view.rerender(page('visible')))
  expect(view.container.textContent).toBe('2')
  expect(client.run('run_a').listeners.size).toBe(1)
  expect(told).toEqual([1, 2])
  client.write('run_a', { n: 3 })
  expect(view.container.textContent).toBe('3')
})
