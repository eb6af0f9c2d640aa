// A token that takes longer than a connection may take for its first frame.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { acrossTabs, createRunClient, poll, type RunClient } from 'runfeed'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { TabBrowser } from '../client/share/tab-browser.ts'
import { VirtualClock } from '../client/share/virtual-clock.ts'
import { startServer } from '../support/server.ts'
import { environment as real } from '../../src/transport/environment.ts'
import { ManualEnvironment } from './manual-environment.ts'

const KEY = 'sk_of_this_test_alone_and_long_enough'
const scheduler = {
  schedule: (task: () => void): (() => void) => {
    queueMicrotask(task)
    return () => {}
  },
}

/** A token function whose answers the test gives. */
function asked() {
  const waiting: ((token: string) => void)[] = []
  return { waiting, accessToken: (): Promise<string> => new Promise((resolve) => waiting.push(resolve)) }
}

function follow(client: RunClient): RunClient {
  onTestFinished(() => client.close())
  client.runList({ tag: 'a' }).subscribe(() => {})
  return client
}

const layers = { 'as it is': undefined, 'that may poll': poll() } as const

test.each(Object.keys(layers) as (keyof typeof layers)[])('a client %s is connected with it, and asks once', async (name) => {
  const server = await startServer({ auth: { secretKeys: [KEY] } })
  const environment = new ManualEnvironment()
  const { waiting, accessToken } = asked()
  const { connection } = follow(createRunClient({ baseUrl: server.url, accessToken, environment, scheduler, poll: layers[name] }))
  for (const ms of [5_500, 7_000, 9_900]) await environment.advance(ms)
  expect(connection.getSnapshot()).toMatchObject({ status: 'connecting', error: undefined })
  waiting[0]?.(KEY)
  await vi.waitFor(() => expect(connection.getSnapshot()).toMatchObject({ status: 'open', transport: 'stream' }), 30_000)
  expect(waiting).toHaveLength(1)
})

test('one that never comes is named by the error', async () => {
  const environment = new ManualEnvironment()
  const { connection } = follow(createRunClient({ baseUrl: 'http://127.0.0.1:1', accessToken: asked().accessToken, environment, scheduler }))
  await environment.advance(30_000)
  expect(connection.getSnapshot()).toMatchObject({ status: 'reconnecting', error: { message: 'accessToken was not answered within 30 s' } })
})

test('a server has its time from when it is asked', async () => {
  let requests = 0
  const silent = createServer(() => requests++)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => silent.closeAllConnections())
  const environment = new ManualEnvironment()
  const { waiting, accessToken } = asked()
  const { connection } = follow(createRunClient({ baseUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, accessToken, environment, scheduler }))
  await environment.advance(9_900)
  waiting[0]?.(KEY)
  await vi.waitFor(() => expect(requests).toBe(1), 30_000)
  await environment.advance(4_999)
  expect(connection.getSnapshot().status).toBe('connecting')
  await environment.advance(1)
  expect(connection.getSnapshot()).toMatchObject({ status: 'reconnecting', error: { message: 'nothing came for 5000 ms' } })
})

test('tabs that share are connected with it', async () => {
  const clock = new VirtualClock()
  const server = createRunServer({ engine: memoryEngine(), now: clock.now, auth: { secretKeys: [KEY] } })
  const browser = new TabBrowser(server, clock, () => 0.9)
  const restore = browser.install()
  try {
    const clients = [1, 2].map(() => {
      const tab = browser.open(true)
      const accessToken = (): Promise<string> => new Promise((resolve) => tab.setTimer(() => resolve(KEY), 7_000))
      const environment = { ...real, now: clock.now, random: () => 0.9, setTimer: tab.setTimer }
      const client = tab.run(() =>
        createRunClient({ baseUrl: '/', accessToken, fetch: browser.network.fetchOf(tab), share: acrossTabs({ identity: 'me' }), environment, scheduler }),
      )
      tab.run(() => client.runList({ tag: 'a' }).subscribe(() => {}))
      return { tab, client }
    })
    await browser.pass(20_000)
    for (const { client } of clients) expect(client.connection.getSnapshot()).toMatchObject({ status: 'open' })
    for (const { tab, client } of clients) tab.run(() => client.close())
  } finally {
    for (const tab of browser.tabs) browser.end(tab)
    restore()
    await server.close()
  }
})
