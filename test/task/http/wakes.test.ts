import { memoryEngine } from 'runfeed/server'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import { topics } from '../../../src/protocol/want.ts'
import { httpBackend } from '../../../src/task/http/http-backend.ts'
import { faultProxy } from '../../faults/proxy.ts'
import { startServer } from '../../support/server.ts'

// processes start, connections are made anew: on a busy machine that takes its time
vi.setConfig({ testTimeout: 30_000 })
const SOON = { timeout: 20_000 }
/** A machine that stands still for three heartbeats loses its connection, and is rung once more: that is for the test of it alone. */
const PATIENT = { heartbeat: 15_000 }

interface Lines {
  /** Opened so far. */
  opened: number
  /** Open, or being opened, now. */
  readonly open: Set<AbortSignal>
}

/** A backend whose connections for wakes are counted. */
function counted(url: string): { readonly backend: ReturnType<typeof httpBackend>; readonly lines: Lines } {
  const lines: Lines = { opened: 0, open: new Set() }
  const backend = httpBackend({
    url,
    fetch: async (input, init) => {
      const signal = init?.signal
      if ((input as string).endsWith('/v1/wakes') && signal) {
        lines.opened++
        lines.open.add(signal)
        signal.addEventListener('abort', () => lines.open.delete(signal))
      }
      return await fetch(input, init)
    },
  })
  return { backend, lines }
}

/** Rings of a topic, counted. */
function rings(backend: Pick<RunEngine, 'wake'>, topic: string): { readonly count: () => number; readonly stop: () => void } {
  let count = 0
  const stop = backend.wake(topic, () => count++)
  onTestFinished(stop)
  return { count: () => count, stop }
}

const made = async (engine: RunEngine): Promise<string> => (await engine.record.create([{ task: 'work', payload: null }]))[0]?.id as string
const changed = async (engine: RunEngine, run: string): Promise<unknown> =>
  await engine.record.commit({ run, operations: [{ op: 'increment', key: 'n', by: 1 }] })

describe('wakes over HTTP', () => {
  test('ring once when they are there, and then for what happens', async () => {
    const engine = memoryEngine()
    const { backend } = counted((await startServer({ engine, ...PATIENT })).url)
    const [a, b] = [await made(engine), await made(engine)]
    const [ofA, ofB] = [rings(backend, topics.run(a)), rings(backend, topics.run(b))]
    await vi.waitFor(() => expect([ofA.count(), ofB.count()]).toEqual([1, 1]), SOON)
    await changed(engine, a)
    await vi.waitFor(() => expect([ofA.count(), ofB.count()]).toEqual([2, 1]), SOON)
  })

  test('of what is listened to after the clock was set back come as soon as ever', async () => {
    const { backend } = counted((await startServer(PATIENT)).url)
    const first = rings(backend, topics.run('run_a'))
    await vi.waitFor(() => expect(first.count()).toBe(1), SOON)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    onTestFinished(() => void vi.useRealTimers())
    const second = rings(backend, topics.run('run_b'))
    await vi.waitFor(() => expect(second.count()).toBe(1), SOON)
  })

  test('of topics that come together share a connection, and it closes with the last listener', async () => {
    const { backend, lines } = counted((await startServer(PATIENT)).url)
    const many = Array.from({ length: 500 }, (_, i) => rings(backend, topics.run(`run_${i}`)))
    await vi.waitFor(() => expect(many.every(({ count }) => count() === 1)).toBe(true), SOON)
    expect(lines.opened).toBe(1)
    for (const one of many.slice(1)) one.stop()
    const again = rings(backend, topics.run('run_0'))
    again.stop()
    expect(lines.open.size).toBe(1)
    many[0]?.stop()
    await vi.waitFor(() => expect(lines.open.size).toBe(0), SOON)
    expect(lines.opened).toBe(1)
  })

  test('of topics that come one by one need few connections, and none of their rings is lost', async () => {
    const engine = memoryEngine()
    const { backend, lines } = counted((await startServer({ engine, ...PATIENT })).url)
    const runs = await Promise.all(Array.from({ length: 16 }, async () => await made(engine)))
    const seen = new Map<string, number>()
    /** What a waiting run does: takes its place, looks, and looks again at each ring. */
    const follow = (run: string): void => {
      const look = async (): Promise<void> => {
        const stored = await engine.record.read(run)
        seen.set(run, Math.max(seen.get(run) ?? 0, (stored?.run.metadata['n'] as number | undefined) ?? 0))
      }
      onTestFinished(backend.wake(topics.run(run), () => void look()))
      void look()
    }
    let most = 0
    for (const [i, run] of runs.entries()) {
      follow(run)
      const opened = lines.opened
      await vi.waitFor(() => expect(lines.opened).toBe(opened + 1), SOON)
      // while the connections change
      await Promise.all(runs.slice(0, i + 1).map(async (each) => await changed(engine, each)))
      most = Math.max(most, lines.open.size)
    }
    const expected = new Map(runs.map((run, i) => [run, runs.length - i]))
    await vi.waitFor(() => expect(seen).toEqual(expected), SOON)
    // 16 topics are one connection of 16 at best, and 8 + 4 + 2 + 1 with one more being opened at worst
    expect(most).toBeLessThanOrEqual(8)
    await vi.waitFor(() => expect(lines.open.size).toBeLessThanOrEqual(5), SOON)
  })

  test('of more topics than one connection may have need another', async () => {
    const engine = memoryEngine()
    const { backend, lines } = counted((await startServer({ engine, ...PATIENT })).url)
    const run = await made(engine)
    const many = Array.from({ length: 10_050 }, (_, i) => rings(backend, topics.run(`run_${i}`)))
    const last = rings(backend, topics.run(run))
    await vi.waitFor(() => expect([many.every(({ count }) => count() >= 1), last.count() >= 1]).toEqual([true, true]), SOON)
    expect(lines.open.size).toBe(2)
    const before = last.count()
    await changed(engine, run)
    await vi.waitFor(() => expect(last.count()).toBeGreaterThan(before), SOON)
    for (const { stop } of [...many, last]) stop()
    await vi.waitFor(() => expect(lines.open.size).toBe(0), SOON)
  })

  test('are all rung after the connection was cut', async () => {
    const engine = memoryEngine()
    const proxy = await faultProxy((await startServer({ engine, ...PATIENT })).url, () => ({ kind: 'none' }))
    onTestFinished(async () => await proxy.close())
    const { backend } = counted(proxy.url)
    const run = await made(engine)
    const [ofRun, ofQueue] = [rings(backend, topics.run(run)), rings(backend, topics.queue)]
    await vi.waitFor(() => expect([ofRun.count(), ofQueue.count()]).toEqual([1, 1]), SOON)
    await proxy.refuse()
    await changed(engine, run)
    await proxy.accept()
    await vi.waitFor(() => expect(Math.min(ofRun.count(), ofQueue.count())).toBeGreaterThanOrEqual(2), SOON)
  })

  test('are rung again when nothing came for three heartbeats', async () => {
    const engine = memoryEngine()
    const proxy = await faultProxy((await startServer({ engine })).url, () => ({ kind: 'none' }))
    onTestFinished(async () => await proxy.close())
    const { backend, lines } = counted(proxy.url)
    const run = await made(engine)
    const ofRun = rings(backend, topics.run(run))
    await vi.waitFor(() => expect(ofRun.count()).toBeGreaterThanOrEqual(1), SOON)
    expect(proxy.stall('POST /v1/wakes')).toBe(1)
    await changed(engine, run)
    await vi.waitFor(() => expect(ofRun.count()).toBeGreaterThanOrEqual(2), SOON)
    expect(lines.opened).toBeGreaterThanOrEqual(2)
  })

  test('that are refused for good wake whoever waits, who then meets the refusal', async () => {
    const { backend } = counted((await startServer(PATIENT)).url)
    const ofNothing = rings(backend, 'no topic')
    await vi.waitFor(() => expect(ofNothing.count()).toBeGreaterThanOrEqual(1), SOON)
  })

  test('a listener that throws keeps no other asleep', async () => {
    const { backend } = counted((await startServer(PATIENT)).url)
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve))
    const before = process.listeners('uncaughtException').slice(0, -1)
    // the test runner's own would fail the test
    for (const listener of before) process.off('uncaughtException', listener)
    onTestFinished(() => {
      for (const listener of before) process.on('uncaughtException', listener)
    })
    onTestFinished(
      backend.wake(topics.queue, () => {
        throw new Error('mine')
      }),
    )
    const other = rings(backend, topics.queue)
    await vi.waitFor(() => expect(other.count()).toBe(1), SOON)
    expect(await thrown).toMatchObject({ message: 'mine' })
  })
})
