// One server with many connections, and the process that holds the other ends of them.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { ClientsAnswer, ClientsOrder } from './clients.ts'
import type { Answer, Kind, Order } from './serve.ts'

const WARM_UP = 1000
/** Until a server has noticed that those have gone. */
const SETTLE_MS = 1000
/** Between two updates: longer than a tick, so that each one leaves at once. */
export const QUIET_MS = 120

export interface Round {
  readonly perSecond: number
  /** µs of a message: the server's processor time, and that of whoever reads. */
  readonly server: number
  readonly clients: number
}

export class Side {
  readonly kind: Kind
  /** Bytes. */
  perConnection = 0
  readonly #server: ChildProcess
  #clients: ChildProcess
  #count = WARM_UP

  private constructor(kind: Kind) {
    this.kind = kind
    this.#server = child('serve.ts', [kind])
    this.#clients = child('clients.ts', [])
  }

  static async open(kind: Kind, count: number): Promise<Side> {
    const side = new Side(kind)
    try {
      await side.#open(count)
      return side
    } catch (thrown) {
      side.close()
      throw thrown
    }
  }

  async #open(count: number): Promise<void> {
    const { url, path, body } = (await heard(this.#server)) as Extract<Answer, { url: string }>
    // what the first connections make once (code, caches, room for the young) is not theirs
    await ask(this.#clients, { do: 'open', url, path, body, count: WARM_UP })
    await this.round(999_999)
    this.#clients.kill('SIGKILL')
    await setTimeout(SETTLE_MS)
    const before = await this.#memory()
    this.#count = count
    this.#clients = child('clients.ts', [])
    await ask(this.#clients, { do: 'open', url, path, body, count })
    // what is made by the first update is there then
    for (const number of [1_000_000, 1_000_001]) {
      await this.round(number)
      await setTimeout(QUIET_MS)
    }
    this.perConnection = ((await this.#memory()) - before) / count
  }

  async round(number: number): Promise<Round> {
    const clientsBefore = await ask(this.#clients, { do: 'await', number })
    const reached = heard(this.#clients)
    const from = performance.timeOrigin + performance.now()
    this.#server.send({ do: 'update', number } satisfies Order)
    const answer = (await reached) as ClientsAnswer
    if (!('at' in answer) || !('at' in clientsBefore)) throw new Error(`the clients said ${JSON.stringify(answer)}`)
    const used = heard(this.#server)
    this.#server.send({ do: 'used' } satisfies Order)
    const { processor } = (await used) as Extract<Answer, { processor: number }>
    return {
      perSecond: this.#count / ((answer.at - from) / 1000),
      server: processor / this.#count,
      clients: (answer.processor - clientsBefore.processor) / this.#count,
    }
  }

  close(): void {
    this.#server.kill('SIGKILL')
    this.#clients.kill('SIGKILL')
  }

  async #memory(): Promise<number> {
    const answer = heard(this.#server)
    this.#server.send({ do: 'memory' } satisfies Order)
    return ((await answer) as Extract<Answer, { rss: number }>).rss
  }
}

async function ask(clients: ChildProcess, order: ClientsOrder): Promise<ClientsAnswer> {
  const answer = heard(clients)
  clients.send(order)
  const said = (await answer) as ClientsAnswer
  if ('lost' in said) throw new Error(`a connection was lost after ${said.lost} were opened`)
  return said
}

const child = (script: string, args: readonly string[]): ChildProcess =>
  fork(join(import.meta.dirname, script), args, { execArgv: ['--conditions=@runfeed/source', '--expose-gc'] })

/** The next thing that it says. */
async function heard(process: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const ended = once(process, 'exit', { signal: over.signal }).then(() => {
    throw new Error(`a process of the bench ended: ${process.spawnargs.join(' ')}`)
  })
  ended.catch(() => {})
  try {
    const [message] = (await Promise.race([once(process, 'message', { signal: over.signal }), ended])) as [unknown]
    return message
  } finally {
    over.abort()
  }
}
