// Many connections to one feed, over plain sockets in a process of their own: it says when all of them are open, and when an update has
// reached all of them.
import { connect } from 'node:net'

export type ClientsOrder =
  | { readonly do: 'open'; readonly url: string; readonly path: string; readonly body?: string | undefined; readonly count: number }
  | { readonly do: 'await'; readonly number: number }
/** `at` is ms since the epoch, with fractions; `processor` the µs that the process has used. */
export type ClientsAnswer = { readonly all: 'open' } | { readonly all: number; readonly at: number; readonly processor: number } | { readonly lost: number }

/** Connections that are being opened at once: more than the backlog of a listening socket would be refused. */
const AT_ONCE = 100
/** What may be cut between two reads. */
const TAIL = 64

const now = (): number => performance.timeOrigin + performance.now()
const say = (answer: ClientsAnswer): void => void process.send?.(answer)
const used = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}
/** One for all, and each read is looked at where it lies: who reads must not be slower than who writes, or nobody would see a difference. */
const buffer = Buffer.allocUnsafe(64 * 1024)

let count = 0
let opened = 0
let awaited = Buffer.alloc(0)
let number = 0
let reached = 0

function openOne(url: URL, path: string, body: string | undefined): Promise<void> {
  const head = `${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nhost: ${url.host}\r\naccept: text/event-stream\r\n`
  const request = body === undefined ? `${head}\r\n` : `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  return new Promise((resolve, reject) => {
    let tail: Buffer | undefined
    let isOpen = false
    const socket = connect({
      port: Number(url.port),
      host: url.hostname,
      onread: {
        buffer,
        callback: (length) => {
          if (!isOpen) {
            // status and headers; what comes later is the feed
            isOpen = true
            resolve()
          }
          const part = buffer.subarray(0, length)
          const seen = tail ? Buffer.concat([tail, part]) : part
          if (awaited.length > 0 && seen.includes(awaited)) {
            tail = undefined
            if (++reached === count) say({ all: number, at: now(), processor: used() })
          } else tail = Buffer.from(seen.subarray(-TAIL))
          return true
        },
      },
    })
    socket.on('connect', () => socket.write(request))
    socket.on('error', reject)
    socket.on('close', () => say({ lost: opened }))
  })
}

process.on('message', (order: ClientsOrder) => {
  if (order.do === 'await') {
    number = order.number
    awaited = Buffer.from(`number","value":${number}}`)
    reached = 0
    // it is heard of before the update is made
    say({ all: -1, at: now(), processor: used() })
    return
  }
  count = order.count
  const url = new URL(order.url)
  const worker = async (): Promise<void> => {
    while (opened < count) {
      opened++
      await openOne(url, order.path, order.body)
    }
  }
  void Promise.all(Array.from({ length: AT_ONCE }, worker)).then(() => say({ all: 'open' }))
})
process.on('disconnect', () => process.exit(0))
