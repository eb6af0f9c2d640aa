// The feed over HTTP: one connection for many runs and streams, and the same with one subscription for curl and native EventSource.
import { type Context, Hono } from 'hono'
import type { FeedHub } from '../feed/feed-hub.ts'
import { parseCursor } from '../protocol/cursor.ts'
import { RunfeedError } from '../protocol/errors.ts'
import { MAX_WANTS_BYTES, PROTOCOL_VERSION } from '../protocol/limits.ts'
import type { FeedRequest, RunWant, StreamWant } from '../protocol/want.ts'
import type { Access, AccessEnv } from './access.ts'
import { answerWith } from './event-stream.ts'
import { check, readJson, readQuery } from './read-body.ts'
import { feedRequest, streamQuery } from './schemas.ts'

export function feedRoutes(hub: FeedHub): Hono<AccessEnv> {
  const send = async (context: Context<AccessEnv>, request: FeedRequest, ids: boolean): Promise<Response> => {
    if (request.protocol !== undefined && request.protocol !== PROTOCOL_VERSION)
      throw new RunfeedError('unsupported_protocol', `this server speaks protocol ${PROTOCOL_VERSION}, not ${request.protocol}`, { protocol: PROTOCOL_VERSION })
    await context.var.access.mayOpen(request.wants)
    return answerWith(hub.open(request, { ids, access: context.var.access }), context)
  }

  const one = async (context: Context<AccessEnv>, want: RunWant | StreamWant): Promise<Response> => {
    const cursor = context.req.header('last-event-id') ?? context.req.query('cursor')
    // a native EventSource comes back after every end of body; 204 is what stops it (WHATWG HTML, 9.2.3)
    if (cursor !== undefined && (await isOver(context.var.access, want, cursor))) return new Response(null, { status: 204 })
    return await send(context, { wants: [cursor === undefined ? want : { ...want, cursor }] }, true)
  }

  return new Hono<AccessEnv>()
    .post('/feed', async (context) => await send(context, await readJson(context.req.raw, feedRequest, MAX_WANTS_BYTES), false))
    .get('/runs/:id/events', async (context) => await one(context, { run: context.req.param('id') }))
    .get('/runs/:id/streams/:key{.+}', async (context) => {
      const { index } = check(streamQuery, readQuery(context.req.url, streamQuery))
      return await one(context, { run: context.req.param('id'), stream: context.req.param('key'), ...(index === undefined ? {} : { index }) })
    })
}

/** Whether nothing can come after the cursor. */
async function isOver(access: Access, want: RunWant | StreamWant, cursor: string): Promise<boolean> {
  if (await access.check(want)) return false
  const { engine } = access
  const { run, stream } = want
  const stored = await engine.record.read(run)
  if (!stored || stored.run.finishedAt === null) return false
  if (stream === undefined) return stored.cursor === cursor && (await engine.record.isSettled(run))
  const { length } = await engine.chunks.info(run, stream)
  return parseCursor(cursor)?.number === length && (await engine.chunks.holds(run, stream, cursor))
}
