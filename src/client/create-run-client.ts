// The client: keeps what is wanted, what is known and what is connected in step.

import { HttpError, RunfeedError } from '../protocol/errors.ts'
import type { Denied } from '../protocol/frame.ts'
import { topicOf } from '../protocol/want.ts'
import { Fold } from '../store/fold.ts'
import { frameScheduler, type Scheduler } from '../store/scheduler.ts'
import { Store } from '../store/store.ts'
import { StreamEntry } from '../store/stream-entry.ts'
import { Topic } from '../store/topic.ts'
import type { Session } from '../transport/attempt.ts'
import { Connection, IDLE } from '../transport/connection.ts'
import type { ConnectionSnapshot } from '../transport/connection-status.ts'
import { environment as browser, type Environment } from '../transport/environment.ts'
import { type HttpTransportOptions, httpTransport } from '../transport/http-transport.ts'
import type { RunTransport, TransportLayer } from '../transport/run-transport.ts'
import { restCalls } from './rest.ts'
import { CLIENT_CLOSED, listReader, runReader, streamReader, subscribe } from './follow.ts'
import { insides, ownAddresses } from './insides.ts'
import { checkOptions } from './options.ts'
import { Resync } from './resync.ts'
import type { RunClient } from './run-client.ts'
import { createWanted, LINGER_MS } from './wanted.ts'

export interface RunClientInternals {
  /** When news is published. @defaultValue the next animation frame, or a timer where there is none */
  readonly scheduler?: Scheduler | undefined
  /** Clock, timers, chance and the page's life. */
  readonly environment?: Environment | undefined
  /** Ms that something stays wanted after its last follower. @defaultValue 1000 */
  readonly linger?: number | undefined
}

export interface RunClientLayers {
  /** `poll()`: asks again and again where something on the way swallows streams. @defaultValue streams alone */
  readonly poll?: TransportLayer | undefined
  /** `acrossTabs()`: one connection for all tabs of this browser. @defaultValue one for each client */
  readonly share?: TransportLayer | undefined
}

export type RunClientOptions = (HttpTransportOptions | { readonly transport: RunTransport }) & RunClientInternals & RunClientLayers

/** A token that is denied so soon after the connection had opened was no good when it opened, or was about to end. */
const RENEWED_MS = 1_000

const closed = (): RunfeedError =>
  new RunfeedError(CLIENT_CLOSED, 'this client was closed, for good; what closes it in an effect must make it there too: StrictMode cleans up once more')

interface FoldSession extends Session {
  readonly fold: Fold
}

/**
 * A client of one server: one connection for everything that is followed, opened by the first follower and closed after the last.
 * Nothing is opened by making one.
 * @throws InvalidRequestError for options that cannot be meant.
 */
export function createRunClient(options: RunClientOptions): RunClient {
  checkOptions(options)
  const { environment = browser, scheduler = frameScheduler, linger = LINGER_MS } = options
  let transport = 'transport' in options ? options.transport : httpTransport(options, environment)
  for (const layer of [options.poll, options.share]) if (layer) transport = layer(transport, environment)
  const store = new Store(scheduler)
  const status = new Topic<ConnectionSnapshot>(store.publisher, IDLE)
  /** Of the connection that was opened last; an older one may still be open until this one's first frame. */
  let fold: Fold | undefined

  const wanted = createWanted({
    store,
    environment,
    linger,
    connection: status,
    wanted(entry) {
      const { error } = entry
      // another error each time: who comes again would take one from before for an earlier try's
      if (status.latest.status === 'closed') return entry.isOver ? undefined : entry.fail(closed())
      store.hold(entry)
      if (error)
        for (const other of store.followed.values()) if (other === entry || (other.error === error && status.latest.error === error)) other.fail(undefined)
      // a stream whose earlier chunks are asked for now is brought by a new connection alone
      if (entry.isOpen && !fold?.covers(entry.name)) connection.refresh()
    },
    unwanted(entry) {
      store.followed.delete(entry.name)
      fold?.drop(entry.name)
      // its run may have waited for what was to come of it
      if (entry instanceof StreamEntry) store.settle(entry.run)
      if (store.followed.size === 0) connection.stop()
      else stopIfDone()
    },
  })

  const connection = new Connection(transport, environment, {
    open() {
      const wants = wanted.wants()
      if (wants.length === 0) return undefined
      const opened = new Fold(store, wants)
      const tokens = new Map(wants.map((want) => [topicOf(want), want.token]))
      fold = opened
      let openedAt = environment.now()
      const session: FoldSession = {
        fold: opened,
        wants,
        async isDone() {
          // all has been said, and what was left out of it is on its way
          if (wants.some(({ run }) => run !== undefined && opened.awaitsEnd(run))) await resync.settled(opened)
          return !wants.some((want) => store.followed.get(topicOf(want))?.isOpen)
        },
        ended() {
          opened.isOver = true
        },
        receive(frame) {
          if (frame.event === 'open') openedAt = environment.now()
          if (frame.event === 'denied' && renews(frame.data, opened, tokens, openedAt)) return
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
      for (const { name, isOpen } of store.followed.values()) if (isOpen && !fold?.covers(name)) store.fail(name, error)
    },
  })

  /** Whether a want that was denied is asked for again, from where it is, with a token that came since, or is asked for anew. */
  function renews(denied: Denied, opened: Fold, tokens: ReadonlyMap<string, string | undefined>, openedAt: number): boolean {
    const topic = topicOf(denied)
    const entry = store.followed.get(topic)
    if (!entry) return false
    const asked = tokens.get(topic)
    const isNew = entry.token !== undefined && entry.token !== asked
    // the token that `trigger` gave is for the run alone: the client's own may have its children
    const isOfList = denied.query !== undefined && asked !== undefined && /^(forbidden|token_expired)$/.test(denied.code)
    if (!isNew && !isOfList) {
      if (!transport.isRenewable || denied.code !== 'token_expired') return false
      const isAtOnce = environment.now() - openedAt < RENEWED_MS
      // the one that was asked for anew is no better; one that was near its end may have been asked for at any time
      if (entry.isRefused && isAtOnce) return false
      entry.isRefused = isAtOnce
    }
    // its own cannot be had again: the client's may do
    if (!isNew) entry.token = undefined
    entry.spent = asked ?? entry.spent
    opened.drop(topic)
    if (!fold?.covers(topic)) connection.refresh()
    return true
  }

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

  const runs = restCalls(request)
  const resync = new Resync({
    read: (id) => {
      const publicAccessToken = store.run(id)?.token
      return runs.retrieve(publicAccessToken === undefined ? id : { id, publicAccessToken })
    },
    environment,
    fail: (topic, error) => store.fail(topic, error),
    reopen: () => connection.refresh(),
  })

  function stopIfDone(): void {
    for (const { isOpen } of store.followed.values()) if (isOpen) return
    // a failure is not forgotten by ending the last thing that it ended
    if (status.latest.status !== 'failed') connection.stop()
  }
  store.onOver = stopIfDone

  const { run, stream, runList } = wanted
  const client: RunClient = {
    runs,
    run,
    stream,
    runList,
    subscribeRun: (ref, to) => subscribe(run(ref), runReader, status, to),
    subscribeStream: (ref, key, to) => subscribe(stream(ref, key, to.startIndex), streamReader, status, to),
    subscribeRuns: (query, to) => subscribe(runList(query), listReader, status, to),
    connection: status,
    close() {
      for (const entry of store.followed.values()) {
        entry.cancelLinger?.()
        if (entry.isOpen && entry.followers.size > 0) entry.fail(closed())
      }
      connection.close()
    },
  }
  insides.set(client, wanted)
  if ('baseUrl' in options && !options.share) ownAddresses.set(status, options.baseUrl)
  return client
}
