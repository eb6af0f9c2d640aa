// A tab that comes late to a stream that goes on.
import { acrossTabs } from 'runfeed'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { expect, test } from 'vitest'
import type { Frame } from '../../../src/protocol/frame.ts'
import { environment } from '../../../src/transport/environment.ts'
import { ScriptedTransport } from '../scripted-transport.ts'
import { TabBrowser } from './tab-browser.ts'
import { VirtualClock } from './virtual-clock.ts'

const WANTS = [{ run: 'run_a', stream: 'log', index: 0 }] as const
const chunks = (index: number, ...said: readonly string[]): Frame => ({
  event: 'chunks',
  data: { run: 'run_a', stream: 'log', index, cursor: `${index + said.length}.c`, chunks: said, by: null },
})

test('it is told no chunk before its first one, whatever the leader is told meanwhile', async () => {
  const clock = new VirtualClock()
  const server = createRunServer({ engine: memoryEngine() })
  const browser = new TabBrowser(server, clock, () => 0.5)
  const restore = browser.install()
  const ended = new AbortController()
  /** What a tab is told of the stream. */
  const open = (below: ScriptedTransport): Frame[] => {
    const tab = browser.open(true)
    const told: Frame[] = []
    const read = async (): Promise<void> => {
      const layer = acrossTabs({ identity: 'me' })(below, { ...environment, now: clock.now, setTimer: tab.setTimer })
      for await (const frame of layer.stream(WANTS, ended.signal)) if (frame.event === 'chunks') told.push(frame)
    }
    void tab.run(read)
    return told
  }
  try {
    const below = new ScriptedTransport()
    const first = open(below)
    await browser.pass(100)
    const connection = below.last
    connection.open()
    connection.send(chunks(0, 'a', 'b'))
    await browser.pass(100)
    const late = open(new ScriptedTransport())
    await browser.pass(50)
    connection.send(chunks(2, 'c'))
    await browser.pass(500)
    // what it asks for is on its way
    expect(below.last.wants).toEqual(WANTS)
    expect(late).toEqual([])
    below.last.open()
    below.last.send(chunks(0, 'a', 'b', 'c'))
    await browser.pass(100)
    expect(late).toEqual([chunks(0, 'a', 'b', 'c')])
    expect(first.slice(0, 2)).toEqual([chunks(0, 'a', 'b'), chunks(2, 'c')])
    expect(below.connections).toHaveLength(2)
  } finally {
    ended.abort()
    for (const tab of browser.tabs) browser.end(tab)
    restore()
    await server.close()
  }
})
