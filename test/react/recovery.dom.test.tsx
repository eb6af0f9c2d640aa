// After a failure: an error boundary that is reset asks again, at once. The server and its refusals are real.
import { configure, fireEvent, render, screen } from '@testing-library/react'
import { Component, type ReactNode, Suspense } from 'react'
import { createRunClient, type RunClient } from 'runfeed'
import { useRun, useRunMetadata, useRuns, useRunStream, useSuspenseRun, useSuspenseRunMetadata } from 'runfeed/react'
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest'
import { startThread, type ThreadServer } from './thread.ts'

vi.setConfig({ testTimeout: 60_000 })

const { react } = inject('versions')

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error: Error | undefined }> {
  override state: { readonly error: Error | undefined } = { error: undefined }
  static getDerivedStateFromError = (error: Error) => ({ error })
  override render() {
    const { error } = this.state
    return error ? <button onClick={() => this.setState({ error: undefined })}>{error.message}</button> : this.props.children
  }
}

interface Reading {
  readonly client: RunClient
  readonly id: string
}
const throwOnError = true
const readers: readonly { readonly name: string; readonly useText: (reading: Reading) => string | undefined }[] = [
  { name: 'useRun', useText: ({ client, id }) => useRun(id, { client, throwOnError }).run?.status },
  { name: 'useRunMetadata', useText: ({ client, id }) => useRunMetadata(id, { client, throwOnError }).metadata && 'COMPLETED' },
  { name: 'useRunStream', useText: ({ client, id }) => useRunStream(id, 'text', { client, throwOnError, onComplete: () => {} }).streamState },
  { name: 'useRuns', useText: ({ client, id }) => useRuns({ ids: [id] }, { client, throwOnError }).runs?.[0]?.status },
  { name: 'useSuspenseRun', useText: ({ client, id }) => useSuspenseRun(id, { client }).run.status },
  { name: 'useSuspenseRunMetadata', useText: ({ client, id }) => useSuspenseRunMetadata(id, { client }).metadata && 'COMPLETED' },
]

let server: ThreadServer
beforeAll(async () => {
  server = await startThread(undefined, afterAll)
})

configure({ asyncUtilTimeout: 20_000 })

// what a legacy root does with Suspense is its own
test.each(readers.filter(({ name }) => react !== '17' || !name.includes('Suspense')))('$name: asks again once, and shows what it gets', async ({ useText }) => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void vi.restoreAllMocks())
  const answers: number[] = []
  let isRefusing = true
  const client = createRunClient({
    baseUrl: server.url,
    fetch: async (input, init) => {
      const isRefused = isRefusing && new URL(input as string).pathname.endsWith('/feed')
      const response = isRefused ? new Response('{}', { status: 403 }) : await fetch(input, init)
      answers.push(response.status)
      return response
    },
  })
  onTestFinished(() => client.close())
  const { id } = await client.runs.trigger('count', 2)
  await expect.poll(async () => (await server.run(id)).status).toBe('COMPLETED')
  answers.length = 0

  const Reader = () => <p>{useText({ client, id })}</p>
  render(
    <Boundary>
      <Suspense fallback="waiting">
        <Reader />
      </Suspense>
    </Boundary>,
  )
  const refusal = 'the server answered 403'
  await screen.findByText(refusal)
  expect(answers).toEqual([403])
  // refused again: the boundary has the new error, and nothing goes round in circles
  await again([403, 403])
  await screen.findByText(refusal)
  isRefusing = false
  await again([403, 403, 200])
  await screen.findByText(/COMPLETED|closed/)
  expect(answers).toEqual([403, 403, 200])

  /** Faster than anybody reads, a click on what was thrown for Suspense shows the same error: then it is clicked again. */
  async function again(expected: readonly number[]): Promise<void> {
    await vi.waitFor(() => {
      const button = screen.queryByText(refusal)
      if (button && answers.length < expected.length) fireEvent.click(button)
      expect(answers).toEqual(expected)
    })
  }
})
