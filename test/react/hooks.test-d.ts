// Types of every hook: with a contract, with a bare schema of each of the four validators, with none. No `any` anywhere.
import { type } from 'arktype'
import {
  createRunClient,
  defineRun,
  type Json,
  type JsonObject,
  parseMetadata,
  parseRun,
  type Run,
  type RunfeedError,
  type RunHandle,
  type RunVersion,
} from 'runfeed'
import {
  createRunHooks,
  type RunSummary,
  useCancelRun,
  useConnection,
  useRun,
  useRunChildren,
  useRunHistory,
  useRunMetadata,
  useRunProgress,
  useRuns,
  useRunStream,
  useRunText,
  useSuspenseRun,
  useSuspenseRunMetadata,
  useTriggerRun,
} from 'runfeed/react'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod3'

const contract = defineRun({
  id: 'bake',
  payload: z.object({ loaves: z.number(), at: z.date().optional() }),
  metadata: z.object({ baked: z.number().default(0), at: z.coerce.date().optional() }),
  streams: { log: z.object({ line: z.string() }), text: z.string() },
  output: z.object({ sold: z.coerce.bigint() }),
})
type Metadata = { baked: number; at?: Date | undefined }
const hooks = createRunHooks(contract)

describe('with a contract', () => {
  test('useRun, useSuspenseRun, retrieve and parseRun give the same run', async () => {
    const result = hooks.useRun('x')
    const { run } = hooks.useSuspenseRun('x')
    expectTypeOf(run.metadata).toEqualTypeOf<Metadata | undefined>()
    expectTypeOf(run.output).toEqualTypeOf<{ sold: bigint } | undefined>()
    expectTypeOf(run.payload.loaves).toBeNumber()
    // as stored: a Date is a string
    expectTypeOf(run.payload.at).toEqualTypeOf<string | undefined>()
    if (result.isSuccess) expectTypeOf(result.run).toEqualTypeOf<typeof run>()
    expectTypeOf(await createRunClient({ baseUrl: '' }).runs.retrieve('x', { contract })).toEqualTypeOf<typeof run>()
    expectTypeOf(parseRun(contract, {} as Run).run).toEqualTypeOf<typeof run>()
  })

  test('useRunMetadata and useSuspenseRunMetadata', () => {
    const { metadata } = hooks.useSuspenseRunMetadata('x')
    expectTypeOf(metadata).toEqualTypeOf<Metadata>()
    expectTypeOf(hooks.useSuspenseRunMetadata('x', { select: (d) => d.at?.getTime() }).metadata).toEqualTypeOf<number | undefined>()
    const result = hooks.useRunMetadata('x', { onData: (d) => expectTypeOf(d).toEqualTypeOf<Metadata>() })
    expectTypeOf(result.metadata).toEqualTypeOf<Metadata | undefined>()
    const parsed = parseMetadata(contract, {})
    if (parsed.isValid) expectTypeOf(parsed.metadata).toEqualTypeOf<Metadata>()
    else expectTypeOf(parsed.metadata).toEqualTypeOf<Metadata | undefined>()
  })

  test('useRunStream', () => {
    const { log, parts, value } = hooks.useRunStream('x', 'log', { onData: (list) => expectTypeOf(list).toEqualTypeOf<readonly { line: string }[]>() })
    expectTypeOf(log.at(0)).toEqualTypeOf<{ line: string } | undefined>()
    expectTypeOf(parts).toEqualTypeOf<readonly { line: string }[] | undefined>()
    expectTypeOf(value).toEqualTypeOf<undefined>()
    expectTypeOf(hooks.useRunStream('x', 'text', { initial: 0, reduce: (sum, part) => sum + part.length }).value).toBeNumber()
    // @ts-expect-error no such stream
    hooks.useRunStream('x', 'nope')
  })

  test('useRunText', () => {
    hooks.useRunText('x', 'log', { format: (part) => expectTypeOf(part).toEqualTypeOf<{ line: string }>() && part.line })
    expectTypeOf(hooks.useRunText('x', 'text').text).toEqualTypeOf<string | undefined>()
    // @ts-expect-error no such stream
    hooks.useRunText('x', 'nope')
  })

  test('useRuns: a list has no payloads and no outputs', () => {
    const { runs, hasMore, loadMore } = hooks.useRuns({ tag: 'x' })
    expectTypeOf(runs?.[0]?.metadata).toEqualTypeOf<Metadata | undefined>()
    expectTypeOf(hasMore).toBeBoolean()
    expectTypeOf(loadMore).returns.toBeVoid()
    // @ts-expect-error it is not there
    void runs?.[0]?.output
    const ids = hooks.useRuns({ tag: 'x' }, { select: (list) => list.map(({ id }) => id) })
    if (ids.isSuccess) expectTypeOf(ids.runs).toEqualTypeOf<string[]>()
  })

  test('useTriggerRun takes the payload as it is written', () => {
    const { trigger } = hooks.useTriggerRun()
    expectTypeOf(trigger).parameter(0).toEqualTypeOf<{ loaves: number; at?: Date | undefined }>()
    expectTypeOf(trigger).returns.toEqualTypeOf<Promise<RunHandle>>()
    // @ts-expect-error loaves are missing
    void trigger({})
  })
})

describe('with a bare schema', () => {
  test('of any validator', () => {
    expectTypeOf(useSuspenseRunMetadata('x', { schema: z.object({ n: z.number() }) }).metadata).toEqualTypeOf<{ n: number }>()
    expectTypeOf(useSuspenseRunMetadata('x', { schema: z3.object({ n: z3.number() }) }).metadata).toEqualTypeOf<{ n: number }>()
    expectTypeOf(useSuspenseRunMetadata('x', { schema: v.object({ n: v.number() }) }).metadata).toEqualTypeOf<{ n: number }>()
    expectTypeOf(useSuspenseRunMetadata('x', { schema: type({ n: 'number' }) }).metadata).toEqualTypeOf<{ n: number }>()
  })

  test('of any validator, for the parts of a stream', () => {
    expectTypeOf(useRunStream('x', 's', { schema: z.number() }).parts).toEqualTypeOf<readonly number[] | undefined>()
    expectTypeOf(useRunStream('x', 's', { schema: z3.number() }).parts).toEqualTypeOf<readonly number[] | undefined>()
    expectTypeOf(useRunStream('x', 's', { schema: v.number() }).parts).toEqualTypeOf<readonly number[] | undefined>()
    expectTypeOf(useRunStream('x', 's', { schema: type('number') }).parts).toEqualTypeOf<readonly number[] | undefined>()
  })

  test('per key, validators mixed', () => {
    const { metadata } = useSuspenseRunMetadata('x', {
      schema: { a: z.number(), b: v.optional(v.string(), ''), c: type('string[]'), d: z3.number().default(0) },
    })
    expectTypeOf(metadata.a).toEqualTypeOf<number | undefined>()
    expectTypeOf(metadata.b).toEqualTypeOf<string>()
    expectTypeOf(metadata.c).toEqualTypeOf<string[] | undefined>()
    expectTypeOf(metadata.d).toEqualTypeOf<number>()
    expectTypeOf(parseMetadata({ a: z.number() }, {}).metadata?.a).toEqualTypeOf<number | undefined>()
  })

  test('of a contract of each validator', () => {
    expectTypeOf(createRunHooks(defineRun({ id: 'c', metadata: z3.object({ n: z3.number() }) })).useSuspenseRunMetadata('x').metadata).toEqualTypeOf<{
      n: number
    }>()
    expectTypeOf(createRunHooks(defineRun({ id: 'c', metadata: v.object({ n: v.number() }) })).useSuspenseRunMetadata('x').metadata).toEqualTypeOf<{
      n: number
    }>()
    expectTypeOf(createRunHooks(defineRun({ id: 'c', metadata: type({ n: 'number' }) })).useSuspenseRunMetadata('x').metadata).toEqualTypeOf<{ n: number }>()
  })
})

describe('with none', () => {
  test('data is JSON', () => {
    expectTypeOf(useSuspenseRun('x').run).toEqualTypeOf<Run>()
    expectTypeOf(useSuspenseRunMetadata('x').metadata).toEqualTypeOf<JsonObject>()
    expectTypeOf(useRun('x').run).toEqualTypeOf<Run | undefined>()
    expectTypeOf(useRunMetadata('x').metadata).toEqualTypeOf<JsonObject | undefined>()
    expectTypeOf(useRunStream('x', 's').parts).toEqualTypeOf<readonly Json[] | undefined>()
    expectTypeOf(useRuns({ tag: 't' }).runs).toEqualTypeOf<readonly RunSummary[] | undefined>()
    expectTypeOf(useRunChildren('x', { status: ['FAILED'] }).runs).toEqualTypeOf<readonly RunSummary[] | undefined>()
    expectTypeOf(createRunHooks(defineRun({ id: 'bare' })).useSuspenseRun('x').run.metadata).toEqualTypeOf<JsonObject | undefined>()
    expectTypeOf(useTriggerRun('t').trigger).parameter(0).toEqualTypeOf<Json>()
    expectTypeOf(useTriggerRun<{ n: number }>('t').trigger).parameter(0).toEqualTypeOf<{ n: number }>()
  })

  test('states narrow values', () => {
    const text = useRunText('x', 's', { format: (part) => String(part) })
    if (text.isSuccess) expectTypeOf(text.text).toBeString()
    if (text.isPending) expectTypeOf(text.text).toEqualTypeOf<undefined>()
    const history = useRunHistory('x')
    if (history.isSuccess) expectTypeOf(history.versions).toEqualTypeOf<readonly RunVersion[]>()
    if (history.isError) expectTypeOf(history.error).toEqualTypeOf<RunfeedError>()
    const { status, handle, error } = useTriggerRun('t')
    if (status === 'success') expectTypeOf(handle).toEqualTypeOf<RunHandle>()
    if (status === 'error') expectTypeOf(error).toEqualTypeOf<RunfeedError>()
    if (status === 'idle') expectTypeOf(handle).toEqualTypeOf<undefined>()
    const cancel = useCancelRun('x')
    if (cancel.isSuccess) expectTypeOf(cancel.run).toEqualTypeOf<Run>()
    expectTypeOf(useConnection().error).toEqualTypeOf<RunfeedError | undefined>()
    expectTypeOf(useRunProgress('x').fraction).toEqualTypeOf<number | undefined>()
    const suspense = useSuspenseRun('x')
    expectTypeOf(suspense.status).toEqualTypeOf<'success' | 'error'>()
    // @ts-expect-error it always has a run
    useSuspenseRun(undefined)
    // @ts-expect-error it is never disabled
    useSuspenseRun('x', { enabled: false })
  })

  test('a callback knows its run', () => {
    useRun('x', {
      onStatusChange: (status, run, previous) => {
        expectTypeOf(run).toEqualTypeOf<Run>()
        expectTypeOf(status).toExtend<string>()
        expectTypeOf(previous).toExtend<string>()
      },
      onComplete: (run, { live }) => {
        expectTypeOf(run).toEqualTypeOf<Run>()
        expectTypeOf(live).toBeBoolean()
      },
    })
  })
})

test('nothing is any', () => {
  const all = [
    useRun('x'),
    useRunMetadata('x'),
    useRunStream('x', 's'),
    useRunText('x', 's'),
    useRuns({ tag: 't' }),
    hooks.useRun('x'),
    hooks.useRuns({}),
  ] as const
  for (const each of all) {
    expectTypeOf(each).not.toBeAny()
    expectTypeOf(each.error).not.toBeAny()
    expectTypeOf(each.raw).not.toBeAny()
    expectTypeOf(each.issues).not.toBeAny()
  }
  expectTypeOf(hooks.useRun('x').run).not.toBeAny()
  expectTypeOf(hooks.useRuns({}).runs).not.toBeAny()
})
