// Two clients of one page share as two tabs do: over the browser's own channel and locks, by a clock that the test moves.
import { acrossTabs, createRunClient, poll, type RunClient, type TransportLayer } from 'runfeed'
import { expect, onTestFinished, test } from 'vitest'
import { ManualEnvironment, settled } from '../transport/manual-environment.ts'
import { ScriptedTransport } from './scripted-transport.ts'
import { record } from './setup.ts'

const BEAT_MS = 500

interface Tab {
  readonly client: RunClient
  readonly transport: ScriptedTransport
  readonly states: string[]
}

function tabs(name: string, layer?: TransportLayer) {
  const environment = new ManualEnvironment()
  const channel = [new BroadcastChannel(name), new BroadcastChannel(name)] as const
  /** What was said before has been heard. */
  const heard = async (): Promise<void> => {
    const [said, listener] = channel
    await new Promise<void>((resolve) => {
      listener.onmessage = () => resolve()
      said.postMessage(0)
    })
    await settled()
  }
  const open = (): Tab => {
    const transport = Object.assign(new ScriptedTransport(), { origin: name })
    const client = createRunClient({
      transport,
      environment,
      scheduler: { schedule: (task) => (queueMicrotask(task), () => {}) },
      share: acrossTabs({ identity: 'me' }),
      ...(layer && { poll: layer }),
    })
    const states: string[] = []
    client.connection.subscribe(() => states.push(client.connection.getSnapshot().status))
    client.run('run_a').subscribe(() => {})
    onTestFinished(() => client.close())
    return { client, transport, states }
  }
  onTestFinished(() => {
    for (const one of channel) one.close()
  })
  /** Goes on in steps in which the tabs hear of each other. */
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      await environment.advance(BEAT_MS / 2)
      await heard()
    }
  }
  const pass = async (ms: number): Promise<void> => {
    const end = environment.now() + ms
    await until(() => environment.now() >= end)
  }
  return { environment, open, until, pass }
}

const RUN = { event: 'run', data: { run: record(), cursor: '1.t' } } as const
const version = ({ client }: Tab): number | undefined => client.run('run_a').getSnapshot().run?.version
/** What it was since it was open, but open. */
const losses = ({ states }: Tab): readonly string[] => {
  expect(states).toContain('open')
  return states.slice(states.indexOf('open')).filter((status) => status !== 'open')
}

test('a server that beats once in ten minutes is not taken for dead: the tabs have the leader to watch', async () => {
  const { open, until, pass } = tabs('slow')
  const leader = open()
  await until(() => leader.transport.connections.length === 1)
  leader.transport.last.open(600_000)
  leader.transport.last.send(RUN)
  const follower = open()
  await until(() => version(leader) === 1 && version(follower) === 1)
  await pass(180_000)
  for (const tab of [leader, follower]) expect(losses(tab)).toEqual([])
  expect(leader.transport.connections).toHaveLength(1)
  expect(follower.transport.connections).toHaveLength(0)
})

test('a leader that polls, and has nothing to tell, is as good', async () => {
  const { open, until, pass } = tabs('polled', poll({ interval: 20_000, retryStream: Number.POSITIVE_INFINITY }))
  const leader = open()
  await until(() => leader.transport.connections.length === 2)
  const answer = (): void => {
    leader.transport.last.open(15_000)
    if (leader.transport.connections.length === 2) leader.transport.last.send(RUN)
    leader.transport.last.end()
  }
  answer()
  const follower = open()
  await until(() => version(leader) === 1 && version(follower) === 1)
  for (let polls = 3; polls < 9; polls++) {
    await until(() => leader.transport.connections.length === polls)
    answer()
  }
  await pass(BEAT_MS)
  for (const tab of [leader, follower]) expect(losses(tab)).toEqual([])
  expect(follower.transport.connections).toHaveLength(0)
})

test('a client that was closed leaves nothing behind', async () => {
  const { environment, open, until, pass } = tabs('closed')
  const leader = open()
  await until(() => leader.transport.connections.length === 1)
  leader.client.close()
  // a group is kept for a moment
  await pass(6_000)
  expect([environment.timers, environment.wakers]).toEqual([0, 0])
  const { held = [] } = await navigator.locks.query()
  expect(held.filter(({ name }) => name?.includes('"closed"'))).toEqual([])
})

test('tabs of an older version, which speak otherwise, are another group', async () => {
  const { open, until, pass } = tabs('versions')
  // as an older page would hold it, and never say a word that we know
  const older = new AbortController()
  void navigator.locks.request(
    'runfeed ["versions","identity","me"]',
    () => new Promise<void>((resolve) => older.signal.addEventListener('abort', () => resolve())),
  )
  const channel = new BroadcastChannel('runfeed ["versions","identity","me"]')
  onTestFinished(() => {
    older.abort()
    channel.close()
  })
  const tab = open()
  await until(() => tab.transport.connections.length === 1)
  channel.postMessage({ kind: 'beat', term: Number.MAX_SAFE_INTEGER, isOpen: true })
  tab.transport.last.open()
  tab.transport.last.send(RUN)
  await pass(BEAT_MS)
  expect(version(tab)).toBe(1)
  expect(tab.client.connection.getSnapshot()).toMatchObject({ status: 'open', transport: 'stream' })
})
