// A transport whose connections say what the test says.
import type { Frame } from '../../src/protocol/frame.ts'
import type { Json } from '../../src/protocol/json.ts'
import type { Want } from '../../src/protocol/want.ts'
import type { RunTransport } from '../../src/transport/run-transport.ts'

export class ScriptedConnection {
  readonly wants: readonly Want[]
  readonly signal: AbortSignal
  #queue: (Frame | { readonly thrown: unknown } | 'end')[] = []
  #wake: () => void = () => {}

  constructor(wants: readonly Want[], signal: AbortSignal) {
    this.wants = wants
    this.signal = signal
    signal.addEventListener('abort', () => this.#wake())
  }

  send(...frames: readonly Frame[]): void {
    this.#queue.push(...frames)
    this.#wake()
  }
  /** The first frame. */
  open(heartbeat = 15_000): void {
    this.send({ event: 'open', data: { protocol: 1, heartbeat, time: 0 } })
  }
  end(): void {
    this.#queue.push('end')
    this.#wake()
  }
  fail(thrown: unknown): void {
    this.#queue.push({ thrown })
    this.#wake()
  }

  async *frames(): AsyncGenerator<Frame> {
    while (!this.signal.aborted) {
      const next = this.#queue.shift()
      if (next === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
      else if (next === 'end') return
      else if ('thrown' in next) throw next.thrown
      else yield next
    }
  }
}

export class ScriptedTransport implements RunTransport {
  readonly connections: ScriptedConnection[] = []
  readonly requests: { readonly method: string; readonly path: string; readonly body: Json | undefined }[] = []
  via?: RunTransport['via']
  answer: (method: string, path: string) => Promise<Json> = () => Promise.resolve(null)

  stream = (wants: readonly Want[], signal: AbortSignal): AsyncIterable<Frame> => {
    const connection = new ScriptedConnection(wants, signal)
    this.connections.push(connection)
    return connection.frames()
  }
  request = (method: string, path: string, body?: Json): Promise<Json> => {
    this.requests.push({ method, path, body })
    return this.answer(method, path)
  }

  /** The connection that was opened last. */
  get last(): ScriptedConnection {
    const last = this.connections.at(-1)
    if (!last) throw new Error('nothing was opened')
    return last
  }
  get live(): readonly ScriptedConnection[] {
    return this.connections.filter((connection) => !connection.signal.aborted)
  }
}
