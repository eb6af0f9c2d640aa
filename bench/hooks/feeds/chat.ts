// The stream protocol of AI SDK UI: one message, a part of text, an event for each token.
import { tokenAt } from '../script.ts'
import { Listeners, type OpenFeed } from './feed.ts'

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

export const chat: OpenFeed = async () => {
  const listeners = new Listeners()
  return {
    answer(request, response) {
      request.resume()
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-vercel-ai-ui-message-stream': 'v1' })
      response.write(event({ type: 'start' }) + event({ type: 'start-step' }) + event({ type: 'text-start', id: 't' }))
      listeners.add(response)
    },
    async send(from, to) {
      let text = ''
      for (let at = from; at < to; at++) text += event({ type: 'text-delta', id: 't', delta: tokenAt(at) })
      await listeners.write(text)
    },
  }
}
