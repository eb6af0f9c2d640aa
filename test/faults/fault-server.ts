// A server in a process of its own that can be killed and started again on its port and its data. For test runs and for the long run
// without one (`npm run faults`).
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../support/serving-child.ts', import.meta.url))

export class FaultServer {
  readonly #folder: string
  readonly #heartbeat: number
  #child: ChildProcess | undefined
  #port = 0
  #starting: Promise<void> | undefined

  private constructor(folder: string, heartbeat: number) {
    this.#folder = folder
    this.#heartbeat = heartbeat
  }

  static async start(heartbeat: number): Promise<FaultServer> {
    const server = new FaultServer(await mkdtemp(join(tmpdir(), 'runfeed-faults-')), heartbeat)
    await server.#start()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** As an operator stops it, or a machine that dies. */
  async stop(signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    await this.#end(signal)
  }
  /** After it was stopped: on its port and its data. */
  async restart(): Promise<void> {
    await this.#start()
  }

  /** Loses the process at once, with all that it had not said, and starts another one. */
  async crash(): Promise<void> {
    await (this.#starting ??= this.#end('SIGKILL')
      .then(async () => await this.#start())
      .finally(() => {
        this.#starting = undefined
      }))
  }

  async close(): Promise<void> {
    await this.#starting
    await this.#end('SIGKILL')
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #start(): Promise<void> {
    const options = JSON.stringify({ file: join(this.#folder, 'runs.db'), port: this.#port, heartbeat: this.#heartbeat })
    // the channel is for the child alone: it ends when this process does
    const child = spawn(process.execPath, ['--conditions=@runfeed/source', SCRIPT, options], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    this.#child = child
    for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
      this.#port = Number(new URL((JSON.parse(line) as { url: string }).url).port)
      return
    }
    throw new Error('the server ended before it said where it is')
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}
