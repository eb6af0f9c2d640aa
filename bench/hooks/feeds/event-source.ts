// What people write by hand: server-sent events. Each holds the whole run, because its reader must survive a lost one; a token is an event too.
import { tokenAt, valueAt } from '../script.ts'
import { Listeners, type OpenFeed } from './feed.ts'

export const eventSource: OpenFeed = async (scene, ids) => {
  const listeners = new Listeners()
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
  return {
    answer(_, response) {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
      response.write(scene === 'stream' ? ': begun\n\n' : ids.map((id, run) => event(valueAt(id, run, 0))).join(''))
      listeners.add(response)
    },
    async send(from, to) {
      let text = ''
      for (let at = from; at < to; at++) text += event(scene === 'stream' ? tokenAt(at) : valueAt(ids[at % ids.length] as string, at % ids.length, at))
      await listeners.write(text)
    },
  }
}

/** Tokens as lines of JSON, for what reads an async iterable of them. */
export const lines: OpenFeed = async () => {
  const listeners = new Listeners()
  return {
    answer(_, response) {
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-cache' })
      response.flushHeaders()
      listeners.add(response)
    },
    async send(from, to) {
      let text = ''
      for (let at = from; at < to; at++) text += `${JSON.stringify(tokenAt(at))}\n`
      await listeners.write(text)
    },
  }
}
