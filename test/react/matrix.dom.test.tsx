// What hooks ask for and what they show, over real clients and scripted feeds: which run, which stream, which server, enabled or not.
import { act, render, renderHook, waitFor } from '@testing-library/react'
import { StrictMode } from 'react'
import { createRunClient, type RunClient, type Want } from 'runfeed'
import { RunfeedProvider, useRun, useRunMetadata, useRunProgress, useRuns, useRunStream, useRunText } from 'runfeed/react'
import { createScriptedFeed, type Script, type ScriptedFeed } from 'runfeed/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'

vi.setConfig({ testTimeout: 60_000 })

const IDS = ['run_a', 'run_b'] as const
const KEYS = ['text', 'log'] as const
const SERVERS = ['one', 'two'] as const

/** Everything in it says where it is from. */
const scriptOf = (server: string): Script =>
  IDS.flatMap((id) => [
    { at: 0, run: { id, metadata: { from: `${server} ${id}` } } },
    ...KEYS.map((stream) => ({ at: 0, stream: { run: id, stream, chunks: [`${server} ${id} ${stream}`] } })),
  ])

interface Watched {
  readonly client: RunClient
  readonly feed: ScriptedFeed
  /** Each connection's wants. */
  readonly asked: (readonly Want[])[]
}
function watched(script: Script): Watched {
  const feed = createScriptedFeed({ script })
  const asked: (readonly Want[])[] = []
  const client = createRunClient({
    linger: 20,
    transport: {
      stream: (wants, signal) => {
        asked.push(wants)
        return feed.stream(wants, signal)
      },
      request: (...call) => feed.request(...call),
    },
  })
  onTestFinished(() => client.close())
  return { client, feed, asked }
}

interface Props {
  readonly enabled: boolean
  readonly id: string | undefined
  readonly stream: string
  readonly server: 'one' | 'two'
}

describe('enabled x id x key x server', () => {
  const servers = { one: watched, two: watched }
  test('a walk over all of them never shows what belongs to another, and asks for nothing while disabled', async () => {
    const known = { one: servers.one(scriptOf('one')), two: servers.two(scriptOf('two')) }
    const shown: { readonly props: Props; readonly from: unknown; readonly text: string | undefined; readonly id: string | undefined }[] = []
    const Reader = (props: Props) => {
      const { client } = known[props.server]
      const options = { client, enabled: props.enabled }
      const run = useRun(props.id, options)
      const from = useRunMetadata(props.id, { ...options, select: (d) => d['from'] }).metadata
      const { text } = useRunText(props.id, props.stream, options)
      const parts = useRunStream<string>(props.id, props.stream, options).parts?.join('')
      shown.push({ props, from, text, id: run.run?.id })
      return <p>{JSON.stringify([run.run?.id, from, text, parts])}</p>
    }
    const all: Props[] = [true, false].flatMap((enabled) =>
      [...IDS, undefined].flatMap((id) => KEYS.flatMap((stream) => SERVERS.map((server) => ({ enabled, id, stream, server })))),
    )
    // each one after each other one that differs in one thing at least
    const walk = all.flatMap((props, i) => [props, all[(i * 7 + 5) % all.length] ?? props])
    const view = render(<Reader {...(all[0] as Props)} />)
    for (const props of walk) {
      const { enabled, id, server, stream } = props
      const before = [known.one.asked.length, known.two.asked.length]
      view.rerender(<Reader {...props} />)
      await act(async () => {})
      const isAsked = enabled && id !== undefined
      const whole = `${server} ${id} ${stream}`
      const expected = isAsked ? [id, `${server} ${id}`, whole, whole] : [null, null, null, null]
      await waitFor(() => expect(view.container.textContent).toBe(JSON.stringify(expected)))
      const now = [known.one.asked.length, known.two.asked.length]
      expect(now, 'while disabled, nothing is asked for').toEqual(isAsked ? now : before)
    }
    for (const { props, from, text, id } of shown) {
      expect([undefined, props.enabled ? props.id : undefined]).toContain(id)
      expect([undefined, `${props.server} ${props.id}`]).toContain(from)
      expect([undefined, `${props.server} ${props.id} ${props.stream}`]).toContain(text)
    }
  })

  test('what is never enabled never connects', async () => {
    const { client, asked } = watched(scriptOf('one'))
    const { result } = renderHook(() => [
      useRun('run_a', { client, enabled: false }),
      useRunMetadata(null, { client }),
      useRunStream('', 'text', { client }),
      useRunText(undefined, 'text', { client }),
      useRunProgress('run_a', { client, enabled: false }),
      useRuns(undefined, { client }),
    ])
    await act(async () => {})
    for (const each of result.current) expect(each).toMatchObject({ status: 'pending', isEnabled: false, connectionStatus: 'idle' })
    expect(asked).toEqual([])
  })
})

describe('connections', () => {
  const script: Script = [
    { at: 0, run: { id: 'run_a', metadata: { n: 1, progress: 0.1 } } },
    { at: 0, stream: { run: 'run_a', stream: 'text', chunks: ['a'] } },
    { at: 10, run: { id: 'run_a', metadata: { n: 2 } } },
  ]

  test('1,000 renders of every hook with everything inline: one request, and the latest closures are called', async () => {
    const { client, asked, feed } = watched(script)
    let round = 0
    const told: string[] = []
    const { result, rerender } = renderHook(() => ({
      run: useRun({ id: 'run_a' }, { client, select: (run) => ({ id: run.id }), isEqual: (a, b) => a.id === b.id, onData: () => told.push(`run ${round}`) }),
      metadata: useRunMetadata('run_a', {
        client,
        schema: z.object({ n: z.number() }),
        select: (d) => [d.n],
        onData: ([n]) => told.push(`n=${n} ${round}`),
        onError: () => {},
        onComplete: () => {},
        onStatusChange: () => {},
        onInvalid: () => {},
      }),
      stream: useRunStream('run_a', 'text', { client, reduce: (list: unknown[], part) => [...list, part], initial: [], onData: () => {} }),
      text: useRunText('run_a', 'text', { client, format: String }),
      progress: useRunProgress('run_a', { client, value: (run) => Number(run.metadata['n']), max: () => 4 }),
    }))
    await waitFor(() => expect([result.current.metadata.metadata?.[0], result.current.text.text]).toEqual([1, 'a']))
    const before = result.current
    for (round = 1; round <= 1000; round++) rerender()
    expect(asked).toHaveLength(1)
    expect(asked[0]).toHaveLength(2)
    for (const hook of ['run', 'metadata', 'stream', 'text', 'progress'] as const) expect(result.current[hook]).toBe(before[hook])
    act(() => feed.at(10))
    await waitFor(() => expect(result.current.metadata.metadata).toEqual([2]))
    expect(told).toEqual(['run 0', 'n=1 0', 'n=2 1001'])
  })

  test.each([false, true])('20 components of one run share one (StrictMode %s); after the last and the linger there is none', async (strict) => {
    const { client, asked, feed } = watched(script)
    const Reader = () => {
      const { metadata } = useRunMetadata('run_a', { select: (d) => d['n'] })
      return <i>{`${useRunText('run_a', 'text').text}${JSON.stringify(metadata)}${useRunProgress('run_a').fraction} `}</i>
    }
    const page = (
      <RunfeedProvider client={client}>
        {Array.from({ length: 20 }, (_, i) => (
          <Reader key={i} />
        ))}
      </RunfeedProvider>
    )
    const view = render(strict ? <StrictMode>{page}</StrictMode> : page)
    await waitFor(() => expect(view.container.textContent).toBe('a10.1 '.repeat(20)))
    expect([asked.length, feed.connections]).toEqual([1, 1])
    view.unmount()
    await waitFor(() => expect(feed.connections).toBe(0))
    await waitFor(() => expect(client.connection.getSnapshot().status).toBe('idle'))
    expect(asked).toHaveLength(1)
  })

  test('a page that changes within the linger keeps its connection', async () => {
    const { client, asked } = watched(script)
    const first = renderHook(() => useRun('run_a', { client }))
    await waitFor(() => expect(first.result.current.isSuccess).toBe(true))
    first.unmount()
    const second = renderHook(() => useRun('run_a', { client }))
    // nothing is pending again: what is known is shown at once
    expect(second.result.current.isSuccess).toBe(true)
    expect(asked).toHaveLength(1)
  })

  test('good, bad, good over one connection; then the end, once', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { client, asked, feed } = watched([
      { at: 0, run: { id: 'run_a', metadata: { n: 1 } } },
      { at: 1, run: { id: 'run_a', metadata: { n: 'two' } } },
      { at: 2, run: { id: 'run_a', metadata: { n: 3 } } },
      { at: 3, run: { id: 'run_a', status: 'COMPLETED' } },
    ])
    const schema = z.object({ n: z.number() })
    const onComplete = vi.fn<(run: unknown) => void>()
    const { result } = renderHook(() => useRunMetadata('run_a', { client, schema, onComplete }))
    await waitFor(() => expect(result.current.metadata).toEqual({ n: 1 }))
    act(() => feed.at(1))
    await waitFor(() => expect(result.current).toMatchObject({ status: 'success', metadata: { n: 1 }, issues: [{ path: ['n'] }] }))
    act(() => feed.at(2))
    await waitFor(() => expect(result.current).toMatchObject({ metadata: { n: 3 }, issues: [] }))
    act(() => feed.at(3))
    await waitFor(() => expect(onComplete).toHaveBeenCalledTimes(1))
    expect(asked).toHaveLength(1)
    // a run that is over asks for nothing more
    await waitFor(() => expect(feed.connections).toBe(0))
    renderHook(() => useRunMetadata('run_a', { client, schema }))
    await act(async () => {})
    expect(asked).toHaveLength(1)
  })

  test('mounting and unmounting 500 times leaves no listener, no timer and no connection', async () => {
    const { client, feed } = watched(script)
    const Reader = () => (
      <>
        {useRun('run_a', { client, throttle: 5 }).status}
        {useRunText('run_a', 'text', { client, throttle: 5 }).status}
      </>
    )
    const timers = vi.spyOn(globalThis, 'setTimeout')
    for (let i = 0; i < 500; i++) render(<Reader />).unmount()
    await waitFor(() => expect(feed.connections).toBe(0))
    const count = timers.mock.calls.length
    act(() => feed.at(10))
    // nobody listens, so nothing is scheduled for what happens
    expect(timers.mock.calls.length).toBe(count)
    timers.mockRestore()
  })
})
