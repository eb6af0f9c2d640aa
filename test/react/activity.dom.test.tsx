// React 19's Activity: hidden is unmounted to us, and loses nothing.
import { act, render } from '@testing-library/react'
import { Activity, useEffect } from 'react'
import type { RunHandle } from 'runfeed'
import { RunfeedProvider, useRunMetadata, useTriggerRun } from 'runfeed/react'
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

test('what a trigger was answered while its Activity was hidden is shown when it is back', async () => {
  const client = fakeClient()
  const answers: ((handle: RunHandle) => void)[] = []
  client.runs.trigger = () => new Promise((resolve) => answers.push(resolve))
  const starters: ((payload: number) => unknown)[] = []
  const Starter = () => {
    const { trigger, status, handle } = useTriggerRun<number>('t', { client })
    useEffect(() => void starters.push(trigger), [trigger])
    return (
      <b>
        {status} {handle?.id}
      </b>
    )
  }
  const page = (mode: 'visible' | 'hidden') => (
    <Activity mode={mode}>
      <Starter />
    </Activity>
  )
  const view = render(page('visible'))
  act(() => void starters[0]?.(1))
  expect(view.container.textContent).toBe('pending ')
  await act(async () => view.rerender(page('hidden')))
  await act(async () => answers[0]?.({ id: 'run_a' }))
  await act(async () => view.rerender(page('visible')))
  expect(view.container.textContent).toBe('success run_a')
  // called while nobody sees it
  await act(async () => view.rerender(page('hidden')))
  await act(async () => void starters[0]?.(2))
  await act(async () => view.rerender(page('visible')))
  expect(view.container.textContent).toBe('pending ')
})
