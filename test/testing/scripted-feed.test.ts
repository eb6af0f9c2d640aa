import { createScriptedFeed, type Script, SCRIPT_EPOCH } from 'runfeed/testing'
import { describe, expect, test, vi } from 'vitest'

const script: Script = [
  { at: 0, run: { id: 'run_a', status: 'QUEUED' } },
  { at: 100, run: { id: 'run_a', status: 'EXECUTING', metadata: { n: 1, kept: true } } },
  { at: 200, stream: { run: 'run_a', stream: 'text', chunks: ['a', 'b'] } },
  { at: 300, run: { id: 'run_a', metadata: { n: 2 } } },
  { at: 400, stream: { run: 'run_a', stream: 'text', chunks: ['c'] } },
  { at: 500, run: { id: 'run_a', status: 'COMPLETED' } },
]

function follow(feed: ReturnType<typeof createScriptedFeed>) {
  const client = feed.client.getSnapshot()
  const run = client.run('run_a')
  const text = client.stream('run_a', 'text')
  const leave = [run, text].map((source) => source.subscribe(() => {}))
  return { client, run, text, leave: () => leave.forEach((stop) => stop()) }
}

describe('a scripted feed', () => {
  test('shows each moment of its script, forwards', async () => {
    const feed = createScriptedFeed({ script })
    const { run, text, leave } = follow(feed)
    await vi.waitFor(() => expect(run.getSnapshot().run).toMatchObject({ status: 'QUEUED', startedAt: null }))
    feed.at(250)
    await vi.waitFor(() => expect([...text.getSnapshot().log]).toEqual(['a', 'b']))
    expect(run.getSnapshot().run).toMatchObject({ status: 'EXECUTING', startedAt: SCRIPT_EPOCH + 100, metadata: { n: 1, kept: true } })
    feed.at(feed.duration)
    await vi.waitFor(() => expect(run.getSnapshot().end).toEqual({ settled: true, live: true }))
    expect(run.getSnapshot().run).toMatchObject({ status: 'COMPLETED', metadata: { n: 2, kept: true }, streams: { text: { state: 'aborted' } } })
    expect(text.getSnapshot().state).toBe('aborted')
    expect([...text.getSnapshot().log]).toEqual(['a', 'b', 'c'])
    leave()
  })

  test('begins in the middle', async () => {
    const { run, text, leave } = follow(createScriptedFeed({ script, at: 350 }))
    await vi.waitFor(() => expect(run.getSnapshot().run?.metadata).toEqual({ n: 2, kept: true }))
    await vi.waitFor(() => expect([...text.getSnapshot().log]).toEqual(['a', 'b']))
    leave()
  })

  test('goes back with a new client', async () => {
    const feed = createScriptedFeed({ script, at: 350 })
    const later = follow(feed)
    await vi.waitFor(() => expect(later.run.getSnapshot().run?.metadata['n']).toBe(2))
    const told = vi.fn<() => void>()
    feed.client.subscribe(told)
    feed.at(150)
    expect(told).toHaveBeenCalledTimes(1)
    const { run, leave } = follow(feed)
    expect(feed.client.getSnapshot()).not.toBe(later.client)
    await vi.waitFor(() => expect(run.getSnapshot().run?.metadata).toEqual({ n: 1, kept: true }))
    leave()
  })

  test('loses the connection and finds it again', async () => {
    const feed = createScriptedFeed({ script: [...script.slice(0, 2), { at: 120, connection: 'lost' }, { at: 250, connection: 'back' }, ...script.slice(3)] })
    const { client, run, leave } = follow(feed)
    await vi.waitFor(() => expect(client.connection.getSnapshot().status).toBe('open'))
    feed.at(120)
    await vi.waitFor(() => expect(client.connection.getSnapshot().status).toBe('reconnecting'))
    feed.at(300)
    await vi.waitFor(() => expect(run.getSnapshot().run?.metadata['n']).toBe(2), { timeout: 5000 })
    expect(client.connection.getSnapshot().status).toBe('open')
    leave()
  })

  test('shows a moment without a connection as one who has watched sees it', async () => {
    const feed = createScriptedFeed({ script: [...script.slice(0, 2), { at: 120, connection: 'lost' }, ...script.slice(3)], at: 450 })
    const { client, run, leave } = follow(feed)
    await vi.waitFor(() => expect(client.connection.getSnapshot().status).toBe('reconnecting'))
    expect(run.getSnapshot().run?.metadata).toEqual({ n: 1, kept: true })
    leave()
  })

  test('refuses by name', async () => {
    const { run, leave } = follow(createScriptedFeed({ script: [{ at: 0, denied: { run: 'run_a', code: 'forbidden', message: 'no' } }] }))
    await vi.waitFor(() => expect(run.getSnapshot().error).toMatchObject({ type: 'forbidden' }))
    leave()
  })
})
