// The client: keeps what is wanted, what is known and what is connected in step.

import { HttpError } from '../protocol/errors.ts'
import { topicOf } from '../protocol/want.ts'
import type { Fold } from '../store/fold.ts'
import { frameScheduler, type Scheduler } from '../store/scheduler.ts'
import { createStore } from '../store/store.ts'
import { Topic } from '../store/topic.ts'
import type { Session } from '../transport/attempt.ts'
import { Connection, IDLE } from '../transport/connection.ts'
import type { ConnectionSnapshot } from '../transport/connection-status.ts'
import { environment as browser, type Environment } from '../transport/environment.ts'
import { type HttpTransportOptions, httpTransport } from '../transport/http-transport.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import { restCalls } from './rest.ts'
import { Resync } from './resync.ts'
import type { RunClient } from './run-client.ts'
import { LINGER_MS, Wanted } from './wanted.ts'

export interface RunClientInternals {
  /** When news is published. @defaultValue the next animation frame, or a timer where there is none */
  readonly scheduler?: Scheduler
  /** Clock, timers, chance and the page's life. */
  readonly environment?: Environment
  /** Ms that something stays wanted after its last follower. @defaultValue 1000 */
  readonly linger?: number
}

export type RunClientOptions = (HttpTransportOptions | { readonly transport: RunTransport }) & RunClientInternals

interface FoldSession extends Session {
  readonly fold: Fold
}

/**
 * A client of one server: one connection for everything that is followed, opened by the first follower and closed after the last.
 * Nothing is opened by making one.
 */
export function createRunClient(options: RunClientOptions): RunClient {
  const { environment = browser, scheduler = frameScheduler, linger = LINGER_MS } = options
  const transport = 'transport' in options ? options.transport : httpTransport(options, environment)
  const store = createStore({ scheduler })
  const status = new Topic<ConnectionSnapshot>(store.publisher, IDLE)
  /** Of the connection that was opened last; an older one may still be open until this one's first frame. */
  let fold: Fold | undefined

  const wanted = new Wanted({
    store,
    environment,
    linger,
    wanted(resource) {
      if (status.latest.status === 'closed') return
      wanted.follow(resource)
      store.hold(resource.entry)
      const { error } = resource
      if (error)
        for (const other of wanted.followed) if (other === resource || (other.error === error && status.latest.error === error)) other.entry.fail(undefined)
      // a stream whose earlier chunks are asked for now is brought by a new connection alone
      if (wanted.isOpen(resource) && !fold?.covers(resource.topic)) connection.refresh()
    },
    unwanted(resource) {
      wanted.unfollow(resource)
      store.drop(resource.topic)
      fold?.drop(resource.topic)
      if (wanted.size === 0) connection.stop()
      else stopIfDone()
    },
  })

  const connection = new Connection(transport, environment, {
    open() {
      const wants = wanted.wants()
      if (wants.length === 0) return undefined
      const opened = store.open(wants)
      fold = opened
      const session: FoldSession = {
        fold: opened,
        wants,
        async isDone() {
          // all has been said, and what was left out of it is on its way
          if (wants.some(({ run }) => run !== undefined && opened.awaitsEnd(run))) await resync.settled(opened)
          return wants.every((want) => {
            const resource = wanted.get(topicOf(want))
            return !resource || !wanted.isOpen(resource)
          })
        },
        ended() {
          opened.isOver = true
        },
        receive(frame) {
          const broken = opened.apply(frame)
          if (broken) resync.ask(opened, broken)
        },
      }
      return session
    },
    changed(snapshot) {
      status.latest = snapshot
      // while it reconnects, the next attempt asks for all that is wanted by then
      if (snapshot.status !== 'open' && snapshot.status !== 'reconnecting') fold = undefined
    },
    refused(error, kept) {
      fold = (kept as FoldSession | undefined)?.fold
      for (const resource of wanted.followed) if (wanted.isOpen(resource) && !fold?.covers(resource.topic)) store.fail(resource.topic, error)
    },
  })

  /** Every call of this client. Any answer shows that the server is back, a refusal as well. */
  const request: RunTransport['request'] = async (...call) => {
    try {
      const answer = await transport.request(...call)
      connection.answered()
      return answer
    } catch (thrown) {
      if (thrown instanceof HttpError && thrown.status < 500) connection.answered()
      throw thrown
    }
  }

  const resync = new Resync({
    request,
    environment,
    hasToken: (topic) => wanted.get(topic)?.token !== undefined,
    fail: (topic, error) => store.fail(topic, error),
    reopen: () => connection.refresh(),
  })

  function stopIfDone(): void {
    for (const resource of wanted.followed) if (wanted.isOpen(resource)) return
    // a failure is not forgotten by ending the last thing that it ended
    if (status.latest.status !== 'failed') connection.stop()
  }
  store.onOver = stopIfDone

  return {
    runs: restCalls(request),
    run: (run) => wanted.run(run),
    stream: (run, stream, startIndex) => wanted.stream(run, stream, startIndex),
    connection: status,
    close() {
      for (const resource of wanted.followed) resource.forget()
      connection.close()
    },
  }
}
