// A request as it goes over the wire, with what fetch forbids: any Host, any Origin, a length that is promised and never sent.
import { type IncomingHttpHeaders, request } from 'node:http'

export interface Ask {
  readonly method: string
  readonly path: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: unknown
  /** Sent as it is, instead of a body as JSON. */
  readonly raw?: string | Buffer
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** All of it, or the first bytes of a stream of events. */
  readonly text: string
}

export async function send(url: string, { method, path, headers = {}, body, raw }: Ask): Promise<RawAnswer> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  return await new Promise((resolve, reject) => {
    const outgoing = request(url + path, { method, headers: { 'content-type': 'application/json', ...headers } }, (response) => {
      let text = ''
      const done = (): void => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
        // a stream, or a body that is not coming
        outgoing.destroy()
      }
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (response.headers['content-type']?.startsWith('text/event-stream')) done()
      })
      response.on('end', done)
      response.on('error', reject)
    })
    outgoing.on('error', reject)
    if (headers['content-length'] === undefined) outgoing.end(content)
    else outgoing.flushHeaders()
  })
}
