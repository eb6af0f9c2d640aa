// What operators and tools ask: whether the process lives, whether it can work, what it counts, and what its API is.
import { z } from 'zod'
import type { RunEngine } from '../protocol/engine.ts'
import { RunfeedError } from '../protocol/errors.ts'
import type { Metrics } from './metrics.ts'
import { openApi } from './openapi.ts'
import { type Description, type Route, route } from './route.ts'

/** An engine that has not answered by then does not work. */
const READY_WITHIN_MS = 2000
/** Of the Prometheus text format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export interface SystemOptions {
  readonly engine: RunEngine
  readonly metrics: Metrics
  readonly isClosing: () => boolean
  /** Of all routes. */
  readonly descriptions: () => readonly Description[]
}

const text = (body: string, type = 'text/plain; charset=utf-8'): Response => new Response(body, { headers: { 'content-type': type } })

export function systemRoutes({ engine, metrics, isClosing, descriptions }: SystemOptions): readonly Route[] {
  let document: string | undefined
  return [
    route(
      {
        name: 'isAlive',
        method: 'GET',
        path: '/healthz',
        summary: 'Whether the process lives. Open to everybody, and answered while the server closes.',
        who: 'everybody',
        answers: { 200: { description: 'It does.', type: 'text/plain' } },
      },
      () => text('ok\n'),
    ),
    route(
      {
        name: 'isReady',
        method: 'GET',
        path: '/readyz',
        summary: 'Whether this process can work: its engine answers, and it is not closing. Open to everybody: what asks has no key.',
        who: 'everybody',
        answers: { 200: { description: 'It can.', type: 'text/plain' } },
        errors: ['unavailable'],
        isStatic: true,
      },
      async () => {
        if (isClosing()) throw new RunfeedError('unavailable', 'this server is closing; ask another')
        await answers(engine)
        return text('ready\n')
      },
    ),
    route(
      {
        name: 'readMetrics',
        method: 'GET',
        path: '/metrics',
        summary: 'What this process counts, as Prometheus reads it.',
        who: 'writers',
        answers: { 200: { description: 'Text format 0.0.4.', type: 'text/plain' } },
      },
      async () => text(await metrics.text(), METRICS_TYPE),
    ),
    route(
      {
        name: 'readOpenApi',
        method: 'GET',
        path: '/v1/openapi.json',
        summary: 'This document. Open to everybody: it says nothing of any run.',
        who: 'everybody',
        answers: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
      },
      () => text((document ??= JSON.stringify(openApi(descriptions()))), 'application/json'),
    ),
  ]
}

/** @throws RunfeedError `unavailable` */
async function answers(engine: RunEngine): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS)
  })
  try {
    // one that is not there: what counts is that it is looked for
    await Promise.race([engine.record.read('run_ready'), late])
  } catch (thrown) {
    console.error('runfeed: the engine does not answer:', thrown)
    throw new RunfeedError('unavailable', 'the engine does not answer; the log of the server says why')
  } finally {
    clearTimeout(timer)
  }
}
