import fc from 'fast-check'
import { HttpError, type JsonObject, type Patch, poll, createRunClient, RunfeedError } from 'runfeed'
import { createScriptedFeed, type Script, type ScriptedFeed, type ScriptedReaction, SCRIPT_EPOCH } from 'runfeed/testing'
import { describe, expect, test, vi } from 'vitest'
import { applyPatch } from '../../src/protocol/patch.ts'

const bake: ScriptedReaction = ({ id, payload }) => [
  { at: 200, run: { id, status: 'EXECUTING', metadata: { total: (payload as { readonly loaves: number }).loaves } } },
  { at: 300, stream: { run: id, stream: 'log', chunks: ['warm'] } },
  { at: 1000, run: { id, metadata: { done: 2 } } },
  { at: 2000, run: { id, status: 'COMPLETED', output: 'bread' } },
]
const script: Script = [
  { at: 0, run: { id: 'run_old', task: 'bake', payload: { loaves: 1 }, tags: ['team:7'] } },
  { at: 4000, run: { id: 'run_old', status: 'COMPLETED' } },
]
const callsOf = (feed: ScriptedFeed) => feed.client.getSnapshot().runs
const feedOf = (options: Partial<Parameters<typeof createScriptedFeed>[0]> = {}): ScriptedFeed => createScriptedFeed({ script, tasks: { bake }, ...options })

describe('a trigger of a scripted feed', () => {
  test('makes a run at the moment at which the script stands, and its script goes on from there', async () => {
    const feed = feedOf({ at: 500 })
    const runs = callsOf(feed)
    const handle = await runs.trigger('bake', { loaves: 4 }, { tags: ['team:7', 'team:7'], metadata: { note: 'rye' } })
    expect(handle).toEqual({ id: 'run_triggered_1' })
    const made = await runs.retrieve(handle)
    expect(made).toMatchObject({ task: 'bake', status: 'QUEUED', payload: { loaves: 4 }, tags: ['team:7'], metadata: { note: 'rye' }, version: 1, attempt: 0 })
    expect([made.createdAt, made.startedAt, made.rootId]).toEqual([SCRIPT_EPOCH + 500, null, 'run_triggered_1'])

    const followed = feed.client.getSnapshot().run(handle)
    const log = feed.client.getSnapshot().stream(handle, 'log')
    const leave = [followed, log].map((source) => source.subscribe(() => {}))
    await vi.waitFor(() => expect(followed.getSnapshot().run?.status).toBe('QUEUED'))
    feed.at(1600)
    await vi.waitFor(() => expect(followed.getSnapshot().run).toMatchObject({ status: 'EXECUTING', metadata: { note: 'rye', total: 4, done: 2 } }))
    await vi.waitFor(() => expect([...log.getSnapshot().log]).toEqual(['warm']))
    expect(followed.getSnapshot().run?.startedAt).toBe(SCRIPT_EPOCH + 700)
    expect(feed.duration).toBe(4000)
    feed.at(2500)
    await vi.waitFor(() => expect(followed.getSnapshot()).toMatchObject({ run: { status: 'COMPLETED', output: 'bread' }, end: { settled: true } }))
    for (const stop of leave) stop()
  })

  test('is recorded with its payload and options, as it would come over the wire', async () => {
    const feed = createScriptedFeed({ tasks: { bake }, at: 40 })
    await callsOf(feed).trigger('bake', { loaves: 4, note: undefined } as unknown as JsonObject, { tags: ['rye'], idempotencyKey: 'today' })
    feed.at(90)
    await callsOf(feed).trigger('bake', { loaves: 1 })
    expect(feed.calls).toEqual([
      { action: 'trigger', at: 40, task: 'bake', payload: { loaves: 4 }, options: { tags: ['rye'], idempotencyKey: 'today' }, run: 'run_triggered_1' },
      { action: 'trigger', at: 90, task: 'bake', payload: { loaves: 1 }, options: {}, run: 'run_triggered_2' },
    ])
  })

  test('comes into the lists that ask for it', async () => {
    const feed = feedOf()
    const list = feed.client.getSnapshot().runList({ task: 'bake' })
    const leave = list.subscribe(() => {})
    await vi.waitFor(() => expect(list.getSnapshot().runs?.map(({ id }) => id)).toEqual(['run_old']))
    feed.at(10)
    await callsOf(feed).trigger('bake', { loaves: 1 })
    await vi.waitFor(() => expect(list.getSnapshot().runs?.map(({ id }) => id)).toEqual(['run_triggered_1', 'run_old']))
    leave()
  })

  test('waits for its delay', async () => {
    const feed = feedOf()
    const runs = callsOf(feed)
    const handle = await runs.trigger('bake', { loaves: 1 }, { delay: '1s' })
    const status = async () => (await runs.retrieve(handle)).status
    expect(await status()).toBe('DELAYED')
    feed.at(1000)
    expect(await status()).toBe('QUEUED')
    feed.at(1200)
    expect(await status()).toBe('EXECUTING')
  })

  test('with a key that was used answers the first run', async () => {
    const feed = feedOf()
    const runs = callsOf(feed)
    const first = await runs.trigger('bake', { loaves: 1 }, { idempotencyKey: 'k' })
    expect(await runs.trigger('bake', { loaves: 9 }, { idempotencyKey: 'k' })).toEqual(first)
    expect(await runs.trigger('bake', { loaves: 9 }, { idempotencyKey: 'other' })).toEqual({ id: 'run_triggered_2' })
    expect((await runs.list({ task: 'bake' })).runs).toHaveLength(3)
    expect(feed.calls.map(({ run }) => run)).toEqual(['run_triggered_1', 'run_triggered_1', 'run_triggered_2'])
  })

  test.each([
    ['a task that is not there', 'fry', {}, 404, 'not_found', /"fry" does not exist \(this script has "bake"\).*`tasks`/],
    ['a name that every object has', 'constructor', {}, 404, 'not_found', /"constructor"/],
    ['an option that is none', 'bake', { tag: 'x' }, 400, 'invalid_request', /tag/],
    ['a tag that is none', 'bake', { tags: ['a b'] }, 400, 'invalid_request', /"a b"/],
    ['no length of time', 'bake', { delay: '5 minutes' }, 400, 'invalid_request', /delay.*'5m'/],
    ['too much metadata', 'bake', { metadata: { text: 'x'.repeat(262_144) } }, 413, 'metadata_too_large', /262144/],
  ])('is refused for %s, as by a server', async (_, task, options, status, type, message) => {
    const feed = feedOf()
    const thrown: unknown = await callsOf(feed)
      .trigger(task, { loaves: 1 }, options as JsonObject)
      .catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(HttpError)
    expect(thrown).toMatchObject({ status, type, retryable: false })
    expect((thrown as Error).message).toMatch(message)
    expect(feed.calls).toEqual([])
  })

  test('is refused as the script says, and is pending as long as it says', async () => {
    let answer = (_: Script): void => {}
    const feed = createScriptedFeed({
      tasks: {
        guarded: () => {
          throw new RunfeedError('forbidden', 'ask an admin')
        },
        slow: () => new Promise<Script>((resolve) => (answer = resolve)),
      },
    })
    const runs = callsOf(feed)
    await expect(runs.trigger('guarded', null)).rejects.toMatchObject({ status: 403, type: 'forbidden', message: 'ask an admin' })
    const pending = runs.trigger('slow', null)
    expect(feed.calls).toHaveLength(1)
    feed.at(300)
    expect((await runs.list({ task: 'slow' })).runs).toEqual([])
    answer([{ at: 100, run: { id: 'run_triggered_1', status: 'EXECUTING' } }])
    expect(await runs.retrieve(await pending)).toMatchObject({ status: 'QUEUED', createdAt: SCRIPT_EPOCH + 300 })
    feed.at(400)
    expect(await runs.retrieve('run_triggered_1')).toMatchObject({ status: 'EXECUTING' })
  })

  test('that is pending ends with the signal of its caller, and with a moment before it', async () => {
    const feed = createScriptedFeed({ tasks: { slow: () => new Promise<Script>(() => {}), soon: () => Promise.resolve([]) } })
    const controller = new AbortController()
    const given = callsOf(feed).trigger('slow', null, {}, controller.signal)
    controller.abort(new Error('left'))
    await expect(given).rejects.toThrow('left')
    expect(feed.calls).toEqual([])
    feed.at(100)
    const undone = callsOf(feed).trigger('soon', null)
    feed.at(50)
    await expect(undone).rejects.toMatchObject({ type: 'connection', retryable: true })
  })

  test('does not get through without a network', async () => {
    const feed = createScriptedFeed({ script: [...script, { at: 100, connection: 'lost' }, { at: 200, connection: 'back' }], tasks: { bake }, at: 150 })
    await expect(callsOf(feed).trigger('bake', { loaves: 1 })).rejects.toMatchObject({ type: 'connection', retryable: true })
    // what was known when it went can be read all the same, as one who has watched has it
    expect((await callsOf(feed).list({ task: 'bake' })).runs).toHaveLength(1)
    feed.at(200)
    await callsOf(feed).trigger('bake', { loaves: 1 })
    expect(feed.calls).toMatchObject([{ at: 200 }])
  })
})

describe('a cancel of a scripted feed', () => {
  test('ends a run at that moment, and what it would have done does not happen', async () => {
    const feed = feedOf({ at: 100 })
    const runs = callsOf(feed)
    const handle = await runs.trigger('bake', { loaves: 4 })
    feed.at(700)
    expect(await runs.cancel(handle)).toMatchObject({
      status: 'CANCELED',
      cancelRequestedAt: SCRIPT_EPOCH + 700,
      finishedAt: SCRIPT_EPOCH + 700,
      error: { type: 'canceled' },
      streams: { log: { state: 'aborted' } },
    })
    feed.at(5000)
    const ended = await runs.retrieve(handle)
    expect(ended).toMatchObject({ status: 'CANCELED', metadata: { total: 4 } })
    // of the other run it says nothing
    expect(await runs.retrieve('run_old')).toMatchObject({ status: 'COMPLETED' })
    expect(await runs.cancel('run_old')).toMatchObject({ status: 'COMPLETED' })
    expect(await runs.cancel(handle)).toEqual(ended)
    expect(feed.calls.map(({ action, at }) => [action, at])).toEqual([
      ['trigger', 100],
      ['cancel', 700],
      ['cancel', 5000],
      ['cancel', 5000],
    ])
  })

  test('of a run that nobody has begun has nothing to ask for', async () => {
    const feed = feedOf()
    const handle = await callsOf(feed).trigger('bake', { loaves: 4 })
    expect(await callsOf(feed).cancel(handle)).toMatchObject({ status: 'CANCELED', cancelRequestedAt: null, startedAt: null })
  })

  test('does what the script says, once', async () => {
    const cancel = vi.fn<ScriptedReaction>(({ id }) => [{ at: 300, run: { id, status: 'CANCELED', metadata: { cleaned: true } } }])
    const feed = feedOf({ cancel, at: 200 })
    const runs = callsOf(feed)
    expect(await runs.cancel('run_old')).toMatchObject({ status: 'EXECUTING', cancelRequestedAt: SCRIPT_EPOCH + 200 })
    feed.at(400)
    expect(await runs.cancel('run_old')).toMatchObject({ status: 'EXECUTING', cancelRequestedAt: SCRIPT_EPOCH + 200 })
    expect(cancel).toHaveBeenCalledTimes(1)
    feed.at(9000)
    expect(await runs.retrieve('run_old')).toMatchObject({ status: 'CANCELED', finishedAt: SCRIPT_EPOCH + 500, metadata: { cleaned: true } })
  })

  test('of a run that is not there is refused, as by a server', async () => {
    await expect(callsOf(feedOf()).cancel('run_none')).rejects.toMatchObject({ status: 404, type: 'not_found' })
  })
})

describe('a replay of a scripted feed', () => {
  test('is a new run of the same task, payload and tags', async () => {
    const feed = feedOf({ at: 4500 })
    const runs = callsOf(feed)
    const again = await runs.replay('run_old')
    expect(await runs.retrieve(again)).toMatchObject({ replayOf: 'run_old', task: 'bake', payload: { loaves: 1 }, tags: ['team:7'], status: 'QUEUED' })
    feed.at(7000)
    expect(await runs.retrieve(again)).toMatchObject({ status: 'COMPLETED', metadata: { total: 1, done: 2 } })
    expect(feed.calls).toEqual([{ action: 'replay', at: 4500, replayOf: 'run_old', run: again.id }])
    await expect(runs.replay('run_none')).rejects.toMatchObject({ type: 'not_found' })
  })
})

describe('the history in a scripted feed', () => {
  test('has each version, in pages, and its patches make the record', async () => {
    const feed = feedOf({ at: 0 })
    const runs = callsOf(feed)
    const handle = await runs.trigger('bake', { loaves: 4 }, { metadata: { 'a/b': 1 } })
    const first = await runs.retrieve(handle)
    feed.at(9000)
    const last = await runs.retrieve(handle)
    const { oldest, versions } = await runs.history(handle)
    expect([oldest, ...versions.map(({ version }) => version)]).toEqual(Array.from({ length: last.version }, (_, n) => n + 1))
    expect(versions.map(({ at }) => at - SCRIPT_EPOCH)).toEqual([200, 300, 1000, 2000, 2000])
    expect(versions.at(0)?.patch).toContainEqual({ op: 'add', path: '/metadata/total', value: 4 })
    const patches: Patch = versions.flatMap(({ patch }) => patch)
    expect(applyPatch(JSON.parse(JSON.stringify(first)) as JsonObject, patches)).toEqual({
      ...(JSON.parse(JSON.stringify(last)) as JsonObject),
      version: 1,
      updatedAt: first.updatedAt,
    })
    expect((await runs.history(handle, { after: 2, limit: 1 })).versions.map(({ version }) => version)).toEqual([3])
    expect((await runs.history(handle, { after: last.version })).versions).toEqual([])
    await expect(runs.history(handle, { limit: 0 })).rejects.toMatchObject({ status: 400, type: 'invalid_request' })
    await expect(runs.history('run_none')).rejects.toMatchObject({ status: 404, type: 'not_found' })
  })
})

describe('a moment', () => {
  test('before a call knows nothing of it, and one after it does', async () => {
    const feed = feedOf({ at: 500 })
    const handle = await callsOf(feed).trigger('bake', { loaves: 4 })
    feed.at(3000)
    feed.at(900)
    expect(await callsOf(feed).retrieve(handle)).toMatchObject({ status: 'EXECUTING', metadata: { total: 4 } })
    feed.at(400)
    expect(feed.calls).toEqual([])
    await expect(callsOf(feed).retrieve(handle)).rejects.toMatchObject({ type: 'not_found' })
    feed.at(3000)
    await expect(callsOf(feed).retrieve(handle)).rejects.toMatchObject({ type: 'not_found' })
    expect(feed.duration).toBe(4000)
  })

  test('is the same, however one went there', async () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('at' as const), time: fc.integer({ min: 0, max: 6000 }) }),
      fc.record({ do: fc.constantFrom('trigger', 'cancel', 'replay' as const), which: fc.nat(3) }),
    )
    const all = async (feed: ScriptedFeed) => {
      const { runs } = await callsOf(feed).list({ task: 'bake', limit: 200 })
      return await Promise.all(runs.map(async (run) => ({ run, history: await callsOf(feed).history(run.id) })))
    }
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 14 }), async (actions) => {
        const feed = feedOf()
        for (const one of actions) {
          const runs = callsOf(feed)
          if (one.do === 'at') feed.at(one.time)
          else if (one.do === 'trigger') await runs.trigger('bake', { loaves: one.which })
          else {
            const known = (await runs.list({ task: 'bake' })).runs
            const { id } = known[one.which % known.length] ?? { id: 'run_old' }
            await runs[one.do](id)
          }
        }
        const shown = await all(feed)
        const straight = feedOf()
        for (const call of feed.calls) {
          straight.at(call.at)
          const runs = callsOf(straight)
          if (call.action === 'trigger') await runs.trigger(call.task, call.payload, call.options)
          else if (call.action === 'replay') await runs.replay(call.replayOf)
          else await runs.cancel(call.run)
        }
        straight.at(feed.now)
        expect(straight.calls).toEqual(feed.calls)
        expect(await all(straight)).toEqual(shown)
        // and again, from the beginning of what was asked for last
        straight.at(9000)
        straight.at(feed.now)
        expect(await all(straight)).toEqual(shown)
      }),
      { numRuns: 150 },
    )
  })
})

test('a poll of a scripted feed is answered with what there is', async () => {
  const feed = feedOf({ at: 5000 })
  const frames = []
  for await (const frame of feed.stream([{ run: 'run_old' }], new AbortController().signal, true)) frames.push(frame.event)
  expect(frames).toEqual(['open', 'run', 'end'])
  expect(feed.connections).toBe(0)
  const client = createRunClient({ transport: feed, poll: poll() })
  const run = client.run('run_old')
  const leave = run.subscribe(() => {})
  await vi.waitFor(() => expect(run.getSnapshot().end).toMatchObject({ settled: true }))
  leave()
  client.close()
})
