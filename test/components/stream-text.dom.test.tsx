import { render } from '@testing-library/react'
import { StreamText } from 'runfeed/components'
import { createRunClient } from 'runfeed'
import { RunfeedProvider } from 'runfeed/react'
import { expect, test } from 'vitest'
import { fakeClient, logOf } from '../react/fake-client.ts'

test('a later part waits as the whole does', () => {
  const client = createRunClient({ baseUrl: 'https://runs.test', fetch: () => new Promise(() => {}) })
  const { container, unmount } = render(
    <RunfeedProvider client={client}>
      <StreamText run="run_a" stream="text" startIndex={5} />
    </RunfeedProvider>,
  )
  expect(container.querySelector('.rf-stream')?.getAttribute('data-state')).toBe('waiting')
  unmount()
  client.close()
})

test('what a crash of the server took back is not left standing', () => {
  const client = fakeClient()
  const { container } = render(
    <RunfeedProvider client={client}>
      <StreamText run="run_a" stream="text" />
    </RunfeedProvider>,
  )
  const say = (chunks: readonly string[], cuts: readonly number[]): void => client.stream('run_a', 'text').set({ state: 'open', log: logOf(chunks, 0, cuts) })
  const text = (): string | null | undefined => container.querySelector('[data-part=written]')?.textContent
  say(['kept ', 'old ', 'old '], [])
  expect(text()).toBe('kept old old ')
  say(['kept ', 'new ', 'new '], [1])
  expect(text()).toBe('kept new new ')
  say(['kept ', 'new ', 'new ', 'more'], [1])
  expect(text()).toBe('kept new new more')
})
