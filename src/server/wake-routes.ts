// The bell over HTTP: which topics have something new, for workers elsewhere.
import { answerWith } from './event-stream.ts'
import { type Route, route } from './route.ts'
import type { WakeHub } from './wake-hub.ts'
import { wakesRequest } from './worker-schemas.ts'

/** Ten thousand topics. */
const MAX_WAKES_BYTES = 4 * 1024 * 1024

export function wakeRoutes(hub: WakeHub): readonly Route[] {
  return [
    route(
      {
        name: 'openWakes',
        method: 'POST',
        path: '/v1/wakes',
        summary: 'Says which of some topics may have something new. A set of topics is changed by opening the next connection before the last one is closed.',
        who: 'writers',
        body: { schema: wakesRequest, limit: MAX_WAKES_BYTES },
        answers: {
          200: {
            description: 'Events: `open` { heartbeat }, `wake` { topics } (rung since the last one), `ping` { time }, `bye` { reconnectAfter }.',
            type: 'text/event-stream',
          },
        },
      },
      ({ access, context, body }) => answerWith(hub.open(access.engine, body.topics), context),
    ),
  ]
}
