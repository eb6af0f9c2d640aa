// Errors: nothing throws in render by default, from any hook; `throwOnError` reaches a boundary, from any hook.
import { act, render } from '@testing-library/react'
import { Component, type ReactNode } from 'react'
import { type FollowOptions, useRun, useRunHistory, useRunMetadata, useRunProgress, useRuns, useRunStream, useRunText } from 'runfeed/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RunfeedError } from '../../src/protocol/errors.ts'
import { type FakeClient, fakeClient } from './fake-client.ts'

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}
  static getDerivedStateFromError = (error: Error) => ({ error })
  override render() {
    return this.state.error ? <p>boundary: {this.state.error.message}</p> : this.props.children
  }
}

const no = new RunfeedError('forbidden', 'no')
type Options = Pick<FollowOptions, 'client' | 'throwOnError' | 'onError'>
interface Case {
  readonly name: string
  readonly useHook: (options: Options) => { readonly status: string; readonly error: RunfeedError | undefined }
  readonly fail: (client: FakeClient) => void
}
const run = (client: FakeClient): void => client.run('run_a').set({ error: no })
const stream = (client: FakeClient): void => client.stream('run_a', 'text').set({ error: no })
const cases: Case[] = [
  { name: 'useRun', useHook: (options) => useRun('run_a', options), fail: run },
  { name: 'useRunMetadata', useHook: (options) => useRunMetadata('run_a', options), fail: run },
  { name: 'useRunProgress', useHook: (options) => useRunProgress('run_a', options), fail: run },
  { name: 'useRunStream', useHook: (options) => useRunStream('run_a', 'text', options), fail: stream },
  { name: 'useRunText', useHook: (options) => useRunText('run_a', 'text', options), fail: stream },
  { name: 'useRuns', useHook: (options) => useRuns({ tag: 'x' }, options), fail: (client) => client.runList({ tag: 'x', limit: 50 }).set({ error: no }) },
  { name: 'useRunHistory', useHook: (options) => useRunHistory('run_a', options), fail: () => {} },
]

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

async function show({ useHook, fail }: Case, options: Options) {
  const client = fakeClient()
  client.runs.history = () => Promise.reject(no)
  const Reader = () => {
    const { status, error } = useHook({ ...options, client })
    return <p>{`${status} ${error?.type}`}</p>
  }
  const view = render(
    <Boundary>
      <Reader />
    </Boundary>,
  )
  await act(async () => fail(client))
  return { client, text: view.container.textContent }
}

test.each(cases)('$name shows its error and tells it once', async (each) => {
  const onError = vi.fn<(error: unknown) => void>()
  expect((await show(each, { onError })).text).toBe('error forbidden')
  expect(onError).toHaveBeenCalledExactlyOnceWith(no)
})

test.each(cases)('$name throws it where it is asked to, tells the boundary alone, and leaves no listener', async (each) => {
  const onError = vi.fn<() => void>()
  const { text, client } = await show(each, { throwOnError: true, onError })
  expect(text).toBe('boundary: no')
  expect(onError).not.toHaveBeenCalled()
  expect(client.followed()).toEqual([])
})

test.each(cases)('$name asks a function whether to', async (each) => {
  expect((await show(each, { throwOnError: ({ type }) => type !== 'forbidden' })).text).toBe('error forbidden')
  expect((await show(each, { throwOnError: ({ type }) => type === 'forbidden' })).text).toBe('boundary: no')
})
