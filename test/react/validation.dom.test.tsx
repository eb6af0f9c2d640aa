// Once per version and schema, never per component; and what development builds say of mistakes.
import { cleanup, render, renderHook } from '@testing-library/react'
import { StrictMode } from 'react'
import fc from 'fast-check'
import { createRunClient, type RunClient } from 'runfeed'
import { createRunHooks, RunfeedProvider, useRun, useRunMetadata, useRunStream } from 'runfeed/react'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { Schema } from '../../src/contract/standard-schema.ts'
import { defineRun } from '../../src/contract/define-run.ts'
import { fakeClient, logOf } from './fake-client.ts'

/** A schema that counts what it is asked. */
function counting<T>(schema: Schema<unknown, T>) {
  const validate = vi.fn<(value: unknown) => ReturnType<(typeof schema)['~standard']['validate']>>((value) => schema['~standard'].validate(value))
  return { schema: { '~standard': { ...schema['~standard'], validate } } as Schema<T, T>, validate }
}

describe('validation', () => {
  test('happens once per version, whatever reads it: 50 components, three hooks, StrictMode', () => {
    const client = fakeClient()
    const document = counting<{ n: number }>(z.object({ n: z.number() }))
    const output = counting<{ rows: number }>(z.object({ rows: z.number() }))
    const hooks = createRunHooks(defineRun({ id: 'c', metadata: document.schema, output: output.schema }))
    const Reader = () => {
      const { metadata } = hooks.useRunMetadata('run_a')
      const half = hooks.useRunMetadata('run_a', { select: (d) => d.n / 2 })
      return <p>{`${metadata?.n} ${half.metadata} ${hooks.useRun('run_a').run?.metadata?.n}`}</p>
    }
    const view = render(
      <StrictMode>
        <RunfeedProvider client={client}>
          {Array.from({ length: 50 }, (_, i) => (
            <Reader key={i} />
          ))}
        </RunfeedProvider>
      </StrictMode>,
    )
    for (let n = 1; n <= 20; n++) client.write('run_a', { n })
    expect(view.container.textContent).toBe('20 10 20'.repeat(50))
    expect(document.validate).toHaveBeenCalledTimes(20)
    client.write('run_a', { n: 21 }, { status: 'COMPLETED', output: { rows: 1 } })
    expect(output.validate).toHaveBeenCalledTimes(1)
  })

  test('whatever comes, what is shown is the last good value, and the issues are of the newest document (property)', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const document = fc.record({ a: fc.oneof(fc.integer(), fc.string()), b: fc.oneof(fc.integer(), fc.constant(null)) }, { requiredKeys: [] })
    const whole = z.object({ a: z.number(), b: z.number().optional() })
    const perKey = { a: z.number(), b: z.number().default(0) }
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 12 }), (documents) => {
        const client = fakeClient()
        const { result, unmount } = renderHook(
          () => [useRunMetadata('run_a', { client, schema: whole }), useRunMetadata('run_a', { client, schema: perKey })] as const,
        )
        let lastWhole: unknown
        let lastKeys: { readonly a?: unknown; readonly b: unknown } = { b: 0 }
        for (const each of documents) {
          client.write('run_a', each)
          const isGood = typeof each.a === 'number' && each.b !== null
          if (isGood) lastWhole = each
          lastKeys = {
            ...(typeof each.a === 'number' ? { a: each.a } : each.a === undefined || lastKeys.a === undefined ? {} : { a: lastKeys.a }),
            b: each.b === null ? lastKeys.b : (each.b ?? 0),
          }
          const [wholly, byKey] = result.current
          expect(wholly.metadata).toEqual(lastWhole)
          expect(wholly.isSuccess).toBe(lastWhole !== undefined)
          // nothing has been written yet: no mistake of anybody's
          expect(wholly.issues.length > 0).toBe(!isGood && (lastWhole !== undefined || Object.keys(each).length > 0))
          expect(byKey).toMatchObject({ status: 'success', metadata: lastKeys })
          expect(byKey.issues.length).toBe(Number(typeof each.a === 'string') + Number(each.b === null))
        }
        expect(client.run('run_a').subscriptions).toBe(2)
        unmount()
      }),
      { numRuns: 60 },
    )
  })

  test('of a part happens once, whatever reads it', () => {
    const client = fakeClient()
    const part = counting<number>(z.number())
    const { result } = renderHook(() => [
      useRunStream('run_a', 'text', { client, schema: part.schema }),
      useRunStream('run_a', 'text', { client, schema: part.schema, maxParts: 2 }),
    ])
    client.stream('run_a', 'text').set({ log: logOf([1, 2]), state: 'open' })
    client.stream('run_a', 'text').set({ log: logOf([1, 2, 3]), state: 'open' })
    expect(result.current.map(({ parts }) => parts)).toEqual([
      [1, 2, 3],
      [2, 3],
    ])
    expect(part.validate).toHaveBeenCalledTimes(3)
  })

  test('good, bad, good of a contract’s run: the run is shown throughout, by one subscription', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const client = fakeClient()
    const hooks = createRunHooks(defineRun({ id: 'c', metadata: z.object({ n: z.number() }), output: z.number() }))
    const { result } = renderHook(() => hooks.useRun('run_a', { client }))
    client.write('run_a', { n: 1 })
    client.write('run_a', { n: 'bad' }, { status: 'WAITING' })
    expect(result.current).toMatchObject({
      status: 'success',
      run: { status: 'WAITING', metadata: { n: 1 } },
      issues: [{ path: ['metadata', 'n'] }],
      raw: { n: 'bad' },
    })
    client.write('run_a', { n: 3 }, { output: 'many' })
    expect(result.current).toMatchObject({ run: { metadata: { n: 3 }, output: undefined }, issues: [{ path: ['output'] }] })
    client.write('run_a', { n: 4 }, { output: 5 })
    expect(result.current).toMatchObject({ run: { metadata: { n: 4 }, output: 5 }, issues: [] })
    expect(client.run('run_a').subscriptions).toBe(1)
  })

  test('what is no schema is an error that says what one is, and does not throw', () => {
    const client = fakeClient()
    client.write('run_a', { n: 1 })
    client.stream('run_a', 'text').set({ log: logOf([1]), state: 'open' })
    const contract = defineRun({ id: 'c', metadata: z.object({ n: z.number() }) })
    const { result } = renderHook(() => [
      useRunMetadata('run_a', { client, schema: contract as never }),
      useRunMetadata('run_a', { client, schema: { n: 'number' } as never }),
      useRunStream('run_a', 'text', { client, schema: { n: z.number() } as never }),
    ])
    for (const { error } of result.current) expect(error).toMatchObject({ type: 'invalid_schema', message: expect.stringContaining('createRunHooks') })
    const none = renderHook(() => useRunMetadata('run_a', { client, schema: null as never }))
    expect(none.result.current).toMatchObject({ status: 'success', metadata: { n: 1 } })
  })

  test('per key, strict: an error names the key, the good keys go on', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const client = fakeClient()
    const schema = { total: z.number(), done: z.number().default(0) }
    const { result } = renderHook(() => useRunMetadata('run_a', { client, schema, mode: 'strict' }))
    client.write('run_a', { total: 2, done: 'x' })
    expect(result.current).toMatchObject({ status: 'error', error: { type: 'invalid_data', details: { path: ['done'] } }, metadata: { total: 2, done: 0 } })
    client.write('run_a', { total: 2, done: 1 })
    expect(result.current).toMatchObject({ status: 'success', metadata: { total: 2, done: 1 } })
  })
})

describe('in development a warning', () => {
  let said: string[] = []
  beforeEach(() => {
    said = []
    vi.spyOn(console, 'warn').mockImplementation((text: string) => void said.push(text))
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })

  test('names the run, the version and the path of what a schema refuses, once for all components', () => {
    const client = fakeClient()
    const schema = z.object({ rows: z.object({ done: z.number() }) })
    renderHook(() => [useRunMetadata('run_a', { client, schema }), useRunMetadata('run_a', { client, schema, select: (d) => d.rows })])
    client.write('run_a', { rows: { done: 1 } })
    client.write('run_a', { rows: { done: 'two' } })
    expect(said).toHaveLength(1)
    for (const part of ['run_a', 'version 2', 'metadata.rows.done']) expect(said[0]).toContain(part)
  })

  test('names the run, the stream and the index of a refused part', () => {
    const client = fakeClient()
    const schema = z.object({ line: z.string() })
    renderHook(() => [useRunStream('run_a', 'log', { client, schema }), useRunStream('run_a', 'log', { client, schema })])
    client.stream('run_a', 'log').set({ log: logOf([{ line: 'a' }, { line: 1 }, 'b']), state: 'open' })
    expect(said).toHaveLength(1)
    for (const part of ['run_a', '"log"', 'part 1.line', '1 more']) expect(said[0]).toContain(part)
  })

  test('names what a schema refuses once, however many versions, parts and renders bring it, and what another schema refuses too', () => {
    const client = fakeClient()
    const schema = z.object({ rows: z.array(z.number()) })
    const other = z.object({ rows: z.array(z.boolean()) })
    const { rerender } = renderHook(() => [
      useRunMetadata('run_a', { client, schema }),
      useRunMetadata('run_a', { client, schema: other }),
      useRunStream('run_a', 'log', { client, schema: z.number() }),
    ])
    for (let n = 1; n <= 20; n++) {
      client.write('run_a', { rows: Array.from({ length: n }, () => 'x') })
      client.stream('run_a', 'log').set({ log: logOf(Array.from({ length: n }, () => 'x')), state: 'open' })
      rerender()
    }
    expect(said.filter((text) => text.includes('refuses')).map((text) => text.match(/expected \w+|part \d+/)?.[0])).toEqual([
      'expected number',
      'expected boolean',
      'part 0',
    ])
    // two schemas that say the same of a document are as one that is made in each render
    client.write('run_a', { rows: 'none' })
    expect(said.filter((text) => /version 21 of run_a.*\n.*metadata.rows: /.test(text))).toHaveLength(1)
  })

  test('tells of a missing provider, once', () => {
    renderHook(() => [useRun('run_a'), useRun('run_b')])
    expect(said).toEqual([expect.stringContaining('<RunfeedProvider client={...}>')])
  })

  test('tells of a schema that is made in each render, and of none that changes once', () => {
    const client = fakeClient()
    client.write('run_a', { n: 1 })
    const calm = [z.object({ n: z.number() }), z.object({ n: z.number(), m: z.string().optional() })] as const
    const good = renderHook(({ i }) => useRunMetadata('run_a', { client, schema: calm[i === 0 ? 0 : 1] }), { initialProps: { i: 0 } })
    for (let i = 0; i < 5; i++) good.rerender({ i })
    expect(said).toEqual([])
    const bad = renderHook(() => useRunMetadata('run_a', { client, schema: z.object({ n: z.number() }) }))
    for (let i = 0; i < 9; i++) bad.rerender()
    expect(said).toEqual([expect.stringMatching(/schema is made in each render.*run_a/)])
  })

  test('tells of a client that is made in each render', () => {
    // not in a component here: the React Compiler would keep it
    const page = () => <RunfeedProvider client={createRunClient({ baseUrl: 'http://127.0.0.1:9' })} />
    const view = render(page())
    for (let i = 0; i < 5; i++) view.rerender(page())
    expect(said).toEqual([expect.stringContaining('createRunClient once')])
  })

  test('tells of a client of one hook that is made in each render, and of none that changes now and then', () => {
    const { rerender } = renderHook(({ client }) => useRun('run_a', { client }), { initialProps: { client: fakeClient() } })
    for (let i = 0; i < 5; i++) {
      const client = fakeClient()
      rerender({ client })
      rerender({ client })
    }
    expect(said).toEqual([])
    for (let i = 0; i < 5; i++) rerender({ client: fakeClient() })
    expect(said).toEqual([expect.stringMatching(/`client` option.*createRunClient once/)])
  })

  test('tells of many runs over http, by the address that the client asks, and not where its tabs share a connection', () => {
    const fetch = () => new Promise<never>(() => {})
    const Row = ({ id, client }: { readonly id: string; readonly client: RunClient }) => <p>{useRun(id, { client }).status}</p>
    const rows = (client: RunClient, count: number) => Array.from({ length: count }, (_, i) => <Row key={i} id={`run_${i}`} client={client} />)
    const secure = createRunClient({ baseUrl: 'https://runs.test', fetch })
    const shared = createRunClient({ baseUrl: '', fetch, share: (transport) => transport })
    const client = createRunClient({ baseUrl: '', fetch })
    for (const fine of [secure, shared, fakeClient()]) render(<>{rows(fine, 40)}</>)
    const view = render(<>{rows(client, 25)}</>)
    expect(said).toEqual([])
    view.rerender(<>{rows(client, 40)}</>)
    expect(said).toEqual([expect.stringMatching(/more than 25 runs.*https/)])
    cleanup()
    for (const each of [secure, shared, client]) each.close()
  })

  test('is not there in production', () => {
    vi.stubEnv('NODE_ENV', 'production')
    const client = fakeClient()
    const { rerender } = renderHook(() => [useRun('run_a'), useRunMetadata('run_p', { client, schema: z.object({ n: z.number() }) })])
    client.write('run_p', { n: 'bad' })
    for (let i = 0; i < 9; i++) rerender()
    expect(said).toEqual([])
  })
})
