// The task's half of the surface as users write it, with what must not compile. The tests' names say which rule.
import { type } from 'arktype'
import { defineRun, type Json, type MetadataInput, type MetadataOf } from 'runfeed'
import { batch, metadata, schemaTask, task, tasks, withRun } from 'runfeed/task'
import * as v from 'valibot'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod3'

const imports = defineRun({
  id: 'csv-import',
  payload: z.object({ url: z.string(), n: z.number().default(1) }),
  metadata: z.object({
    status: z.enum(['fetching', 'done']).optional(),
    totalRows: z.number().optional(),
    processedRows: z.number().default(0),
    n: z.coerce.number().optional(),
    at: z.coerce.date().optional(),
    rowRuns: z.array(z.string()).default([]),
    nested: z.object({ a: z.number() }).optional(),
  }),
  streams: { log: z.object({ level: z.string(), line: z.string() }), text: z.string() },
  output: z.object({ rows: z.number() }),
})
const shape = defineRun({
  id: 's',
  metadata: {
    status: z.enum(['fetching', 'done']),
    total: v.number(),
    done: z.number().default(0),
    at: z.coerce.date(),
    iso: z.iso.datetime().transform((text) => new Date(text)),
    rows: type('string[]'),
    z: z3.number().optional(),
  },
})
const union = defineRun({
  id: 'u',
  metadata: z.discriminatedUnion('status', [z.object({ status: z.literal('a'), total: z.number() }), z.object({ status: z.literal('b'), why: z.string() })]),
})
const preprocessed = defineRun({ id: 'p', metadata: z.preprocess((value) => value, z.object({ a: z.string() })) })
const valibot = defineRun({ id: 'v', metadata: v.object({ n: v.optional(v.number(), 0) }) })
const arktype = defineRun({ id: 'a', metadata: type({ n: 'number', rows: 'string[]' }) })
const zod3 = defineRun({ id: 'z3', metadata: z3.object({ n: z3.number().default(0), d: z3.coerce.date() }) })
const bare = defineRun({ id: 'bare' })

const own = metadata.of(imports)

test('a contract knows the keys and what may be written to them', () => {
  own
    .set('status', 'fetching')
    .set('totalRows', 3)
    .increment('processedRows', 1)
    .append('rowRuns', 'run_1', { max: 10 })
    .increment('n')
    .decrement('n', 2)
    .remove('rowRuns', 'run_1')
    .set('at', new Date())
    .set('$.nested.a', 3)
    .set('nested', { a: 1 })
    .del('n')
    .replace({ processedRows: 1 })
  // @ts-expect-error not a status
  own.set('status', 'nope')
  // @ts-expect-error not a key
  own.set('nope', 1)
  // @ts-expect-error status is no number
  own.increment('status')
  // @ts-expect-error item type
  own.append('rowRuns', 1)
  // @ts-expect-error not an array
  own.append('totalRows', 1)
  // @ts-expect-error undefined is del's business
  own.set('totalRows', undefined)
  // @ts-expect-error unknown key
  own.del('x')
})

test('every validator gives the same knowledge', () => {
  metadata.of(shape).set('status', 'done').increment('done').set('at', new Date()).set('iso', '2020').append('rows', 'x').increment('z').increment('total')
  metadata.of(union).set('status', 'b').set('why', 'x').set('total', 1)
  metadata.of(preprocessed).set('a', 'x')
  metadata.of(valibot).increment('n')
  metadata.of(arktype).append('rows', 'x').increment('n').increment('n')
  metadata.of(zod3).increment('n').set('d', new Date())
  metadata.of(bare).set('anything', { a: [1] })
})

test('without a contract anything that JSON holds may be written, and nothing else', () => {
  interface User {
    name: string
    date: Date
    tags: string[]
  }
  const user = {} as User
  const json = null as Json
  metadata.set('user', user).set('j', json).append('logs', 'x').increment('progress', 0.4)
  metadata.replace({ user: { name: 'Eric', id: 'user_1234' }, date: new Date() })
  // @ts-expect-error function
  metadata.set('user', { user: () => 'Eric' })
  class HelloWorld {
    hello(): void {}
  }
  // @ts-expect-error class instance with methods
  metadata.set('x', { classInstance: new HelloWorld() })
  // @ts-expect-error bigint
  metadata.set('x', 1n)
  // @ts-expect-error a string is no document
  metadata.replace('this is the metadata')
})

test('parent and root are loose, and typed by their contract', () => {
  metadata.parent.increment('processedRows', 1).append('rowRuns', 'x')
  metadata.parent.of(imports).increment('processedRows', 1).append('rowRuns', 'x')
  // @ts-expect-error unknown key of the parent
  metadata.parent.of(imports).increment('processedRow', 1)
  // @ts-expect-error the parent's document is not here
  metadata.parent.get('x')
})

test('streams carry the type of their chunks', async () => {
  const log = await own.stream(
    'log',
    (async function* () {
      yield { level: 'x', line: 'y' }
    })(),
  )
  for await (const line of log) expectTypeOf(line.line).toEqualTypeOf<string>()
  async function* numbers() {
    yield 1
  }
  // @ts-expect-error chunk type
  await own.stream('log', numbers())
  const { body } = await fetch('x')
  if (!body) return
  for await (const chunk of await metadata.stream('fetch', body.pipeThrough(new TextDecoderStream()))) expectTypeOf(chunk).toEqualTypeOf<string>()
})

test('what is read is as it is stored', () => {
  expectTypeOf(own.get('at')).toEqualTypeOf<string | undefined>()
  expectTypeOf(own.get('$.at')).toEqualTypeOf<Json | undefined>()
  expectTypeOf<MetadataInput<typeof imports.metadata>['at']>().toEqualTypeOf<Date>()
  expectTypeOf<MetadataInput<typeof shape.metadata>['iso']>().toEqualTypeOf<string>()
  expectTypeOf<MetadataOf<typeof shape.metadata>['total']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<MetadataOf<typeof shape.metadata>['done']>().toEqualTypeOf<number>()
})

test('a task has the types of its function, of its schema, or of its contract', async () => {
  const plain = task({ id: 'my-task', run: (payload: { message: string }, { ctx }) => ({ id: ctx.run.id, message: payload.message }) })
  await plain.trigger({ message: 'x' })
  const judged = schemaTask({ id: 'judged', schema: z.object({ n: z.coerce.number() }), run: ({ n }) => n })
  const typed = task(imports, {
    run: (payload, { metadata: mine, signal }) => {
      expectTypeOf(payload.n).toEqualTypeOf<number>()
      signal.throwIfAborted()
      mine.set('status', 'done')
      return { rows: 1 }
    },
  })
  const result = await typed.triggerAndWait({ url: 'x' })
  if (result.ok) expectTypeOf(result.output.rows).toEqualTypeOf<number>()
  // @ts-expect-error payload
  await typed.trigger({ n: 1 })
  // @ts-expect-error output
  task(imports, { run: () => ({ rows: 'x' }) })

  const { runs } = await batch.triggerAndWait<typeof typed | typeof plain>([
    { id: 'csv-import', payload: { url: 'x' } },
    { id: 'my-task', payload: { message: 'x' } },
  ])
  expectTypeOf(runs[0]).not.toBeAny()
  // @ts-expect-error the payload of another task
  await batch.triggerAndWait<typeof typed>([{ id: 'csv-import', payload: { message: 'x' } }])
  // @ts-expect-error no such task
  await batch.triggerAndWait<typeof judged>([{ id: 'nope', payload: { n: 1 } }])

  const many = await plain.batchTriggerAndWait([{ payload: { message: 'x' } }])
  for (const each of many.runs) if (each.ok) expectTypeOf(each.output.id).toEqualTypeOf<string>()
  // @ts-expect-error payload
  await plain.batchTrigger([{ payload: { text: 'x' } }])
  const byId = await tasks.triggerAndWait<typeof plain>('my-task', { message: 'x' })
  if (byId.ok) expectTypeOf(byId.output.message).toEqualTypeOf<string>()
  // @ts-expect-error the id of another task
  await tasks.trigger<typeof plain>('your-task', { message: 'x' })
  // @ts-expect-error payload
  await tasks.trigger<typeof plain>('my-task', { text: 'x' })
})

test('withRun is typed by a contract, and takes any id without one', () => {
  const rows = async (): Promise<{ rows: number }> =>
    await withRun({ task: imports, payload: { url: 'x' }, metadata: { processedRows: 0 } }, async (params) => {
      expectTypeOf(params.payload).toEqualTypeOf<{ url: string; n: number }>()
      params.metadata.set('status', 'done').increment('processedRows')
      // @ts-expect-error no such status
      params.metadata.set('status', 'dnoe')
      await params.metadata.stream(
        'text',
        (async function* () {
          yield 'a'
        })(),
      )
      return { rows: 1 }
    })
  expectTypeOf(rows).returns.resolves.toEqualTypeOf<{ rows: number }>()
  // @ts-expect-error the payload is the contract's
  void withRun({ task: imports, payload: { path: 'x' } }, () => ({ rows: 1 }))
  // @ts-expect-error so is the output
  void withRun({ task: imports, payload: { url: 'x' } }, () => ({ rows: 'one' }))
  // @ts-expect-error and the metadata
  void withRun({ task: imports, payload: { url: 'x' }, metadata: { status: 'dnoe' } }, () => ({ rows: 1 }))
  const loose = async () => await withRun({ task: 'any', payload: new Map() }, ({ metadata: own }) => (own.set('anything', 1), 7 as const))
  expectTypeOf(loose).returns.resolves.toEqualTypeOf<7>()
})
