// The feed over HTTP: one connection for many runs and streams, and the same with one subscription for curl and native EventSource.
import type { FeedHub } from '../feed/feed-hub.ts'
import { parseCursor } from '../protocol/cursor.ts'
import { RunfeedError } from '../protocol/errors.ts'
import { MAX_WANTS_BYTES, PROTOCOL_VERSION } from '../protocol/limits.ts'
import type { FeedRequest, RunWant, StreamWant } from '../protocol/want.ts'
import type { Access } from './access.ts'
import { answerWith } from './event-stream.ts'
import { type Call, type Route, route } from './route.ts'
import { eventsQuery, feedRequest, streamQuery } from './schemas.ts'
import { denialsOf } from './wrong-wants.ts'

const frames = {
  description: 'Frames as server-sent events: `open`, `run`, `patch`, `chunks`, `stream`, `list`, `enter`, `leave`, `end`, `gap`, `denied`, `ping`, `bye`.',
  type: 'text/event-stream',
} as const
const over = { description: 'Nothing can follow the cursor: an EventSource stops here.' } as const
const headers = { 'Last-Event-ID': 'A cursor: where an earlier connection got to. It counts more than the one in the query.' } as const

export function feedRoutes(hub: FeedHub): readonly Route[] {
  const send = async ({ access, context }: Call<unknown, unknown>, request: FeedRequest, ids: boolean): Promise<Response> => {
    if (request.protocol !== undefined && request.protocol !== PROTOCOL_VERSION)
      throw new RunfeedError('unsupported_protocol', `this server speaks protocol ${PROTOCOL_VERSION}, not ${request.protocol}`, { protocol: PROTOCOL_VERSION })
    await access.mayOpen(request.wants)
    return answerWith(hub.open(request, { ids, access, denied: denialsOf(request.wants) }), context)
  }

  const one = async (call: Call<{ readonly cursor?: string | undefined }, unknown>, want: RunWant | StreamWant): Promise<Response> => {
    const cursor = call.context.req.header('last-event-id') ?? call.query.cursor
    // a native EventSource comes back after every end of body; 204 is what stops it (WHATWG HTML, 9.2.3)
    if (cursor !== undefined && (await isOver(call.access, want, cursor))) return new Response(null, { status: 204 })
    return await send(call, { wants: [cursor === undefined ? want : { ...want, cursor }] }, true)
  }

  return [
    route(
      {
        name: 'openFeed',
        method: 'POST',
        path: '/v1/feed',
        summary: 'One connection for many runs, streams and queries.',
        who: 'subscribers',
        body: { schema: feedRequest, limit: MAX_WANTS_BYTES },
        answers: { 200: frames },
        errors: ['unsupported_protocol'],
        isStatic: true,
      },
      async (call) => await send(call, call.body, false),
    ),
    route(
      {
        name: 'followRun',
        method: 'GET',
        path: '/v1/runs/{id}/events',
        summary: 'The feed of one run, for curl and EventSource.',
        who: 'subscribers',
        query: eventsQuery,
        headers,
        answers: { 200: frames, 204: over },
      },
      async (call) => await one(call, { run: call.param('id') }),
    ),
    route(
      {
        name: 'followStream',
        method: 'GET',
        path: '/v1/runs/{id}/streams/{key}',
        summary: 'The feed of one stream, for curl and EventSource.',
        who: 'subscribers',
        query: streamQuery,
        headers,
        answers: { 200: frames, 204: over },
      },
      async (call) => {
        const { index } = call.query
        return await one(call, { run: call.param('id'), stream: call.param('key'), ...(index === undefined ? {} : { index }) })
      },
    ),
  ]
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
