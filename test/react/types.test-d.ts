// The hooks' half of the surface as users write it, with what must not compile. The tests' names say which rule.
import { type } from 'arktype'
import { defineRun, type Json } from 'runfeed'
import { createRunHooks, useRun, useRunMetadata, useRunProgress, useRunStream } from 'runfeed/react'
import * as v from 'valibot'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod3'

const imports = defineRun({
  id: 'csv-import',
  payload: z.object({ url: z.string(), n: z.number().default(1) }),
  metadata: z.object({
    status: z.enum(['fetching', 'done']).optional(),
    processedRows: z.number().default(0),
    at: z.coerce.date().optional(),
  }),
  streams: { log: z.object({ level: z.string(), line: z.string() }), text: z.string() },
  output: z.object({ rows: z.number() }),
})
const shape = defineRun({
  id: 's',
  metadata: { status: z.enum(['fetching', 'done']), total: v.number(), done: z.number().default(0), at: z.coerce.date(), rows: type('string[]') },
})
const union = defineRun({
  id: 'u',
  metadata: z.discriminatedUnion('status', [z.object({ status: z.literal('a'), total: z.number() }), z.object({ status: z.literal('b'), why: z.string() })]),
})
const bare = defineRun({ id: 'bare' })
const Metadata = z.object({ done: z.number().default(0), at: z.coerce.date().optional() })

test('the state narrows the value', () => {
  const result = useRunMetadata('x', { schema: Metadata })
  if (result.isPending) expectTypeOf(result.metadata).toEqualTypeOf<undefined>()
  else if (result.isSuccess) result.metadata.done.toFixed()
  else {
    expectTypeOf(result.error.type).toBeString()
    expectTypeOf(result.metadata?.done).toEqualTypeOf<number | undefined>()
  }
  if (result.status === 'success') expectTypeOf(result.metadata.at).toEqualTypeOf<Date | undefined>()
  const { isSuccess, metadata } = useRunMetadata('x', { schema: Metadata })
  if (isSuccess) expectTypeOf(metadata.done).toBeNumber()
})

test('select changes the type of the field', () => {
  const half = useRunMetadata('x', { select: (d) => d.done / 2, schema: Metadata, isEqual: (a, b) => a === b, onData: (n) => n.toFixed() })
  if (half.isSuccess) expectTypeOf(half.metadata).toBeNumber()
  const status = useRun({ id: 'x', publicAccessToken: 't' }, { select: (run) => run.status })
  if (status.isSuccess) expectTypeOf(status.run).toExtend<string>()
  expectTypeOf(status.isStale).toBeBoolean()
})

test('every Standard Schema gives its type', () => {
  const loose = useRunMetadata(undefined)
  if (loose.isSuccess) expectTypeOf<(typeof loose.metadata)[string]>().toEqualTypeOf<Json>()
  const valibot = useRunMetadata('x', { schema: v.object({ n: v.number() }) })
  if (valibot.isSuccess) expectTypeOf(valibot.metadata.n).toBeNumber()
  const arktype = useRunMetadata('x', { schema: type({ n: 'number' }) })
  if (arktype.isSuccess) expectTypeOf(arktype.metadata.n).toBeNumber()
  const zod3 = useRunMetadata('x', { schema: z3.object({ n: z3.number() }) })
  if (zod3.isSuccess) expectTypeOf(zod3.metadata.n).toBeNumber()
  const perKey = useRunMetadata('x', { schema: { n: z.number(), t: v.optional(v.string(), '') } })
  if (perKey.isSuccess) {
    expectTypeOf(perKey.metadata.n).toEqualTypeOf<number | undefined>()
    expectTypeOf(perKey.metadata.t).toBeString()
  }
  // @ts-expect-error a string schema is no document
  useRunMetadata('x', { schema: z.string() })
})

test('a contract types its hooks', () => {
  const hooks = createRunHooks(imports)
  const metadata = hooks.useRunMetadata('x', { mode: 'strict' })
  if (metadata.isSuccess) {
    expectTypeOf(metadata.metadata.at).toEqualTypeOf<Date | undefined>()
    expectTypeOf(metadata.metadata.processedRows).toBeNumber()
  }
  const status = hooks.useRunMetadata('x', { select: (x) => x.status })
  if (status.isSuccess) expectTypeOf(status.metadata).toEqualTypeOf<'fetching' | 'done' | undefined>()
  const run = hooks.useRun('x')
  if (run.isSuccess) {
    expectTypeOf(run.run.metadata?.at).toEqualTypeOf<Date | undefined>()
    expectTypeOf(run.run.output?.rows).toEqualTypeOf<number | undefined>()
    expectTypeOf(run.run.payload.url).toBeString()
  }
  // @ts-expect-error no schema beside a contract
  hooks.useRunMetadata('x', { schema: Metadata })

  const either = createRunHooks(union).useRunMetadata('x')
  if (either.isSuccess && either.metadata.status === 'b') expectTypeOf(either.metadata.why).toBeString()
  const perKey = createRunHooks(shape).useRunMetadata('x')
  if (perKey.isSuccess) {
    expectTypeOf(perKey.metadata.done).toBeNumber()
    expectTypeOf(perKey.metadata.at).toEqualTypeOf<Date | undefined>()
  }
  const any = createRunHooks(bare).useRunMetadata('x')
  if (any.isSuccess) expectTypeOf(any.metadata['q']).toEqualTypeOf<Json | undefined>()
})

test('streams carry the type of their parts and of what they are folded to', () => {
  const hooks = createRunHooks(imports)
  const log = hooks.useRunStream('x', 'log')
  if (log.isSuccess) expectTypeOf(log.parts[0]?.line).toEqualTypeOf<string | undefined>()
  expectTypeOf(log.log.at(0)?.level).toEqualTypeOf<string | undefined>()
  const length = hooks.useRunStream('x', 'text', { reduce: (n, part) => n + part.length, initial: 0 })
  expectTypeOf(length.value).toBeNumber()
  // @ts-expect-error no such stream
  hooks.useRunStream('x', 'nope')
  const text = useRunStream('x', 'log', { schema: z.object({ line: z.string() }), reduce: (acc, part) => acc + part.line, initial: '' })
  expectTypeOf(text.value).toBeString()
  if (text.isSuccess) expectTypeOf(text.parts[0]?.line).toEqualTypeOf<string | undefined>()
  const said = useRunStream<{ x: 1 }>('x', 'log')
  if (said.isSuccess) expectTypeOf(said.parts[0]?.x).toEqualTypeOf<1 | undefined>()
  expectTypeOf(said.value).toEqualTypeOf<undefined>()
})

test('progress takes a number, a key, a path or a function', () => {
  const progress = useRunProgress('x', { value: 'processedRows', max: (run) => Number(run.metadata['totalRows']), failed: '$.rejected.count' })
  expectTypeOf(progress.fraction).toEqualTypeOf<number | undefined>()
  // @ts-expect-error a boolean says nothing
  useRunProgress('x', { value: true })
})
