// What the feed's routes take and answer; they run in feed-routes.ts.
import { MAX_WANTS_BYTES } from '../protocol/limits.ts'
import type { Description } from './route.ts'
import { feedRequest, streamQuery } from './schemas.ts'

const stream = {
  description: 'Frames as server-sent events: `open`, `run`, `patch`, `chunks`, `stream`, `list`, `enter`, `leave`, `end`, `gap`, `denied`, `ping`, `bye`.',
  type: 'text/event-stream',
} as const
const over = { description: 'Nothing can follow the cursor: an EventSource stops here.' } as const
const lastEventId = { 'Last-Event-ID': 'A cursor: where an earlier connection got to.' } as const

export const feedDescriptions: readonly Description[] = [
  {
    name: 'openFeed',
    method: 'POST',
    path: '/v1/feed',
    summary: 'One connection for many runs, streams and queries.',
    who: 'readers',
    body: { schema: feedRequest, limit: MAX_WANTS_BYTES },
    answers: { 200: stream },
    errors: ['unsupported_protocol'],
    isStatic: true,
  },
  {
    name: 'followRun',
    method: 'GET',
    path: '/v1/runs/{id}/events',
    summary: 'The feed of one run, for curl and EventSource.',
    who: 'readers',
    headers: lastEventId,
    answers: { 200: stream, 204: over },
  },
  {
    name: 'followStream',
    method: 'GET',
    path: '/v1/runs/{id}/streams/{key}',
    summary: 'The feed of one stream, for curl and EventSource.',
    who: 'readers',
    query: streamQuery,
    headers: lastEventId,
    answers: { 200: stream, 204: over },
  },
] as readonly Description[]
