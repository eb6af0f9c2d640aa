// What goes wrong with which connection, by chance. The same seed is the same schedule.
import type { Fault } from './link.ts'
import { randomOf } from './seed.ts'

const answer = (status: string, more = '', body = ''): Fault => ({
  kind: 'answer',
  text: `HTTP/1.1 ${status}\r\n${more}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
})

/** What a proxy says in the server's place. All of it passes. */
const ANSWERS: readonly Fault[] = [
  answer('503 Service Unavailable'),
  answer('503 Service Unavailable', 'retry-after: 0\r\n'),
  answer('502 Bad Gateway', 'content-type: text/html\r\n', '<h1>Bad Gateway</h1>'),
  answer('429 Too Many Requests'),
  answer('408 Request Timeout'),
  { kind: 'answer', text: 'this is no HTTP\r\n\r\n' },
]
/** What a proxy says in the middle of the server's answer. No empty line: that would make an event of half a one, which no network does. */
const SAYINGS: readonly string[] = ['HTTP/1.1 504 Gateway Timeout\r\n', '\r\n0\r\n', '<html>Bad Gateway</html>', '\0\0\0\0']
/** An event stream that ends before its first event. */
const NO_EVENTS = answer('200 OK', 'content-type: text/event-stream\r\n')

export interface Chances {
  readonly seed: number
  /** So many connections fail; those after them do not. */
  readonly faults: number
  /** Most faults come earlier, some as late as this many bytes. */
  readonly bytes: number
  /** No connection stalls before so many bytes: who waits for a first byte waits for seconds. @defaultValue 0 */
  readonly stallFrom?: number
}

export function schedule({ seed, faults, bytes, stallFrom = 0 }: Chances): (connection: number, asked: string) => Fault {
  const random = randomOf(seed)
  const below = (n: number): number => Math.floor(random() * n)
  return (connection, asked) => {
    if (connection >= faults) return { kind: 'none' }
    const isFeed = asked === 'POST /v1/feed'
    // every fourth before its first frame is whole
    const after = random() < 0.25 ? below(400) : Math.floor(random() ** 2 * bytes)
    const kind = random()
    if (kind < 0.28) return { kind: 'cut', after }
    if (kind < 0.4) return { kind: 'end', after }
    if (kind < 0.6) return { kind: 'finish', after }
    // a call that is not answered is given up only after half a minute
    if (kind < 0.72) return isFeed ? { kind: 'stall', after: Math.max(after, stallFrom) } : { kind: 'cut', after }
    if (kind < 0.8) return { kind: 'request', after: below(300) }
    if (kind < 0.82) return { kind: 'crumble', size: 1 + below(20) }
    if (kind < 0.86) return { kind: 'delay', ms: 20 + below(150) }
    if (kind < 0.88) return { kind: 'throttle', bytesPerSecond: 5000 + below(50_000) }
    if (kind < 0.9) return { kind: 'buffer', bytes: 200 + below(2000) }
    if (kind < 0.93) return { kind: 'inject', after, text: SAYINGS[below(SAYINGS.length)] as string }
    return isFeed && random() < 0.3 ? NO_EVENTS : (ANSWERS[below(ANSWERS.length)] as Fault)
  }
}
