// One connection through the proxy, and what goes wrong with it.
import { connect, type Socket } from 'node:net'
import { setImmediate, setTimeout as setTimeoutPromise } from 'node:timers/promises'
import { PlainBody } from './plain-body.ts'

/** What happens to one connection. `after` counts bytes of what the server says on it, where nothing else is said. */
export type Fault =
  | { readonly kind: 'none' }
  /** Both ends lose the connection (RST); 0: before any byte. */
  | { readonly kind: 'cut'; readonly after: number }
  /** The same, after so many bytes of what the client says: the server gets half a request, or none. */
  | { readonly kind: 'request'; readonly after: number }
  /** The client sees a FIN: to HTTP, a body cut short. */
  | { readonly kind: 'end'; readonly after: number }
  /** The body ends as bodies do, after so many of its bytes: nothing tells the client that there was more. */
  | { readonly kind: 'finish'; readonly after: number }
  /** Nothing more arrives, and nobody is told: a dead NAT. 0: not even a status. */
  | { readonly kind: 'stall'; readonly after: number }
  /** Everything arrives so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Everything arrives, in pieces of so many bytes. */
  | { readonly kind: 'crumble'; readonly size: number }
  /** Everything arrives, no faster than this. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Nothing arrives until so much is there, or the server ends it: a proxy that gathers. */
  | { readonly kind: 'buffer'; readonly bytes: number }
  /** The proxy says this in the middle of what the server says, and hangs up. */
  | { readonly kind: 'inject'; readonly after: number; readonly text: string }
  /** The client is answered by the proxy, and the server not asked. */
  | { readonly kind: 'answer'; readonly text: string }

/** A throttled one gets something this often. */
const PIECE_MS = 5

export class Link {
  readonly #client: Socket
  readonly #upstream: Socket
  #isStalled = false
  /** What is on its way slowly: one piece after the other, whatever arrives meanwhile. */
  #sent: Promise<void> = Promise.resolve()
  /** What the last request on it asks for (`POST /v1/feed`); clients keep connections and ask again on them. */
  asked = ''
  /** Bytes that were passed on to the client. */
  passed = 0

  /** @param first - what the client has said so far. */
  constructor(client: Socket, first: Buffer, fault: Exclude<Fault, { kind: 'answer' }>, target: URL) {
    this.#client = client
    this.#upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true })
    const late = fault.kind === 'delay' ? fault.ms : 0
    // a stalled one does not even say that the server has hung up
    this.#upstream
      .on('error', () => this.#isStalled || this.cut())
      .on('end', () => this.#isStalled || void this.#sent.then(() => setTimeout(() => client.end(), late)))
    client.on('close', () => this.#upstream.destroy()).on('data', (data: Buffer) => this.#note(data))
    this.#note(first)
    if (fault.kind === 'request') {
      this.#upstream.end(first.subarray(0, fault.after), () => this.cut())
      return
    }
    this.#upstream.write(first)
    client.pipe(this.#upstream)
    this.#pass(fault)
  }

  #note(said: Buffer): void {
    this.asked = requestOf(said) ?? this.asked
  }

  /** Loses it at once, with what was on its way. */
  cut(): void {
    this.#client.resetAndDestroy()
    this.#upstream.destroy()
  }
  /** Ends what the client reads, now: a body whose fault is `finish` ends as bodies do. */
  end(): void {
    this.#end()
  }
  /** From now on nothing arrives. */
  stall(): void {
    this.#isStalled = true
  }

  #pass(fault: Exclude<Fault, { kind: 'answer' | 'request' }>): void {
    switch (fault.kind) {
      case 'none':
        this.#listen((data) => this.#write(data))
        break
      case 'cut':
        // what was written before is on its way: a reset at once would take it back
        this.#until(fault.after, () => this.#client.end(() => this.cut()))
        break
      case 'end':
        this.#until(fault.after, () => this.#end())
        break
      case 'stall':
        this.#until(fault.after, () => this.stall())
        break
      case 'finish': {
        const body = new PlainBody(fault.after)
        this.#listen((data) => {
          const { passed, isOver } = body.take(data)
          this.#write(passed)
          if (isOver) this.#end()
        })
        break
      }
      case 'delay':
        // timers of one length fire in order
        this.#listen((data) => void setTimeout(() => this.#write(data), fault.ms))
        break
      case 'crumble':
        this.#listen((data) => void this.#crumble(data, fault.size))
        break
      case 'throttle':
        this.#listen((data) => {
          this.#sent = this.#sent.then(async () => await this.#throttle(data, fault.bytesPerSecond))
        })
        break
      case 'buffer':
        this.#gather(fault.bytes)
        break
      case 'inject':
        this.#until(fault.after, () => {
          this.#write(Buffer.from(fault.text))
          this.#end()
        })
        break
      default:
        fault satisfies never
    }
  }

  #gather(bytes: number): void {
    let gathered: Buffer[] = []
    const flush = (): void => {
      this.#write(Buffer.concat(gathered))
      gathered = []
    }
    this.#upstream.prependListener('end', flush)
    this.#listen((data) => {
      gathered.push(data)
      if (gathered.reduce((sum, { length }) => sum + length, 0) >= bytes) flush()
    })
  }

  async #throttle(data: Buffer, bytesPerSecond: number): Promise<void> {
    this.#upstream.pause()
    const piece = Math.max(1, Math.ceil((bytesPerSecond * PIECE_MS) / 1000))
    for (let at = 0; at < data.length; at += piece) {
      this.#write(data.subarray(at, at + piece))
      await setTimeoutPromise(PIECE_MS)
    }
    this.#upstream.resume()
  }

  #until(limit: number, fail: () => void): void {
    let sent = 0
    if (limit === 0) fail()
    this.#listen((data) => {
      const passed = data.subarray(0, limit - sent)
      sent += passed.length
      this.#write(passed)
      if (passed.length > 0 && sent === limit) fail()
    })
  }

  #listen(take: (data: Buffer) => void): void {
    // a stalled one goes on reading: the server talks to nobody, and does not notice
    this.#upstream.on('data', (data: Buffer) => {
      if (!this.#isStalled) take(data)
    })
  }

  #write(data: Buffer): void {
    if (data.length === 0 || !this.#client.writable) return
    this.passed += data.length
    if (this.#client.write(data)) return
    this.#upstream.pause()
    this.#client.once('drain', () => this.#upstream.resume())
  }

  async #crumble(data: Buffer, size: number): Promise<void> {
    this.#upstream.pause()
    for (let at = 0; at < data.length; at += size) {
      this.#write(data.subarray(at, at + size))
      // a turn of the event loop each, or they arrive as one
      await setImmediate()
    }
    this.#upstream.resume()
  }

  #end(): void {
    this.#client.end()
    this.#upstream.destroy()
  }
}

/** What a request asks for, where these are the first bytes of one. */
export const requestOf = (said: Buffer): string | undefined => /^[A-Z]+ \S+/.exec(said.subarray(0, 400).toString('latin1'))?.[0]
