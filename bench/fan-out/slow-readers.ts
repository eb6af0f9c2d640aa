// 100 clients that never read while 1 GB is published: what they cost the server, and whether somebody who reads notices. What is compared is the
// most memory (RSS) that the server takes while 1 GB is published to one who reads, without them and then with them, in the same process. A
// server cuts off who takes nothing for its write deadline; another one comes in its place, so that they are 100 to the end.
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { FaultServer } from '../../test/faults/fault-server.ts'
import type { Row } from '../row.ts'

const DEAF = 100
const MEGABYTES = 1000
/** Of one run, so that its stream is kept whole. */
const OF_A_RUN = 50
const HEARTBEAT_MS = 15_000

export async function slowReaders(): Promise<readonly Row[]> {
  const server = await FaultServer.start(HEARTBEAT_MS)
  const deaf = new Deaf(server.url)
  try {
    // the same without them: what it takes to publish so much is not theirs
    const alone = await publish(server)
    const beside = await publish(server, async (id) => await deaf.on(id))
    return [
      {
        name: `growth of the server’s memory (RSS, most) by ${DEAF} clients that never read, 1 GB published`,
        value: beside.most - alone.most,
        unit: 'MB',
        limit: { most: 64 },
        raw: {
          'most without them (MB)': alone.most,
          'most with them (MB)': beside.most,
          'read meanwhile by one who reads (MB)': beside.read / 1e6,
          'who never read, in all': deaf.came,
        },
      },
    ]
  } finally {
    deaf.end()
    await server.close()
  }
}

interface Published {
  /** MB. */
  readonly most: number
  /** Bytes. */
  readonly read: number
}

/** 1 GB, run after run, each of them read by somebody. */
async function publish(server: FaultServer, begun: (run: string) => Promise<void> = async () => {}): Promise<Published> {
  let [read, most] = [0, 0]
  for (let i = 0; i < MEGABYTES / OF_A_RUN; i++) {
    const id = await flood(server.url)
    await begun(id)
    read += await readAll(server.url, id)
    most = Math.max(most, memory(server.pid, 'VmRSS'))
  }
  return { read, most }
}

/** So many that ask for a stream, and read nothing of what arrives in the kernel's buffers. */
class Deaf {
  readonly #url: string
  readonly #sockets: Socket[] = []

  constructor(url: string) {
    this.#url = url
  }

  /** How many there have been. */
  get came(): number {
    return this.#sockets.length
  }

  /** Those that are missing come, and ask for this run's stream. */
  async on(run: string): Promise<void> {
    // the server knows whom it has cut off: who reads nothing does not hear of it
    const metrics = await (await fetch(`${this.#url}/metrics`)).text()
    const [, open] = /^runfeed_feeds_open (\d+)$/m.exec(metrics) ?? []
    for (let n = Number(open); n < DEAF; n++) this.#connect(run)
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #connect(run: string): void {
    const socket = connect({ port: Number(new URL(this.#url).port), host: '127.0.0.1' })
    this.#sockets.push(socket)
    socket.on('error', () => {}).pause()
    socket.write(`GET /v1/runs/${run}/streams/out HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
  }
}

async function flood(url: string): Promise<string> {
  const body = JSON.stringify({ payload: OF_A_RUN })
  const answer = await fetch(`${url}/v1/tasks/flood/trigger`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return ((await answer.json()) as { id: string }).id
}

async function readAll(url: string, id: string): Promise<number> {
  const { body } = await fetch(`${url}/v1/runs/${id}/streams/out`)
  let bytes = 0
  for await (const piece of body as ReadableStream<Uint8Array>) bytes += piece.length
  return bytes
}

/** MB. @throws Error where there is no /proc */
function memory(pid: number | undefined, field: string): number {
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status does not say ${field}`)
  return Number(kilobytes) / 1024
}
