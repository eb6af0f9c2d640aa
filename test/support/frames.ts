// Frames as they come over the wire, read apart from our client, so that the two can be held against each other.
import { createParser } from 'eventsource-parser'
import type { Frame } from 'runfeed'

export async function* framesOf(response: Response): AsyncGenerator<Frame & { readonly id: string | undefined }, void, undefined> {
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`)
  const ready: (Frame & { readonly id: string | undefined })[] = []
  const parser = createParser({
    onEvent: ({ event, data, id }) => void ready.push({ event, data: JSON.parse(data), id } as Frame & { readonly id: string | undefined }),
  })
  const decoder = new TextDecoder()
  for await (const bytes of response.body as ReadableStream<Uint8Array<ArrayBuffer>>) {
    parser.feed(decoder.decode(bytes, { stream: true }))
    yield* ready.splice(0)
  }
}

/** The frames up to the first that `isLast` accepts; the connection is then cut. */
export async function framesUntil(response: Response, isLast: (frame: Frame) => boolean): Promise<(Frame & { readonly id: string | undefined })[]> {
  const frames: (Frame & { readonly id: string | undefined })[] = []
  for await (const frame of framesOf(response)) {
    frames.push(frame)
    if (isLast(frame)) break
  }
  return frames
}
