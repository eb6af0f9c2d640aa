// The frames of a session, without HTTP: for what a server over HTTP is asked by its own rules (keys, clocks).
import { createParser } from 'eventsource-parser'
import type { Frame } from 'runfeed'
import type { FeedSession } from '../../src/feed/feed-session.ts'

export async function* sessionFrames(session: FeedSession): AsyncGenerator<Frame, void, undefined> {
  const ready: Frame[] = []
  const parser = createParser({ onEvent: ({ event, data }) => void ready.push({ event, data: JSON.parse(data) } as Frame) })
  for (let text = await session.next(); text !== undefined; text = await session.next()) {
    parser.feed(text)
    yield* ready.splice(0)
  }
}
