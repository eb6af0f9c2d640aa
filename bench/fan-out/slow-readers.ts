// 100 clients that never read while 1 GB is published: what they cost the server, and whether somebody who reads notices.
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
  const sockets: Socket[] = []
  try {
    // the same without them: what it takes to publish so much is not theirs
    const alone = await publish(server)
    let isFirst = true
    const beside = await publish(server, (id) => {
      if (isFirst) for (let n = 0; n < DEAF; n++) sockets.push(deaf(server.url, id))
      isFirst = false
    })
    return [
      {
        name: `growth of the server’s memory (RSS, most) by ${DEAF} clients that never read, 1 GB published`,
        value: beside.most - alone.most,
        unit: 'MB',
        limit: { most: 64 },
        raw: { 'most without them (MB)': alone.most, 'most with them (MB)': beside.most, 'read meanwhile by one who reads (MB)': beside.read / 1e6 },
      },
    ]
  } finally {
    for (const socket of sockets) socket.destroy()
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
async function publish(server: FaultServer, begun: (run: string) => void = () => {}): Promise<Published> {
  let [read, most] = [0, 0]
  for (let i = 0; i < MEGABYTES / OF_A_RUN; i++) {
    const id = await flood(server.url)
    begun(id)
    read += await readAll(server.url, id)
    most = Math.max(most, memory(server.pid, 'VmRSS'))
  }
  return { read, most }
}

/** It reads what arrives in the kernel's buffers, and nothing of that. */
function deaf(url: string, id: string): Socket {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  socket.on('error', () => {}).pause()
  socket.write(`GET /v1/runs/${id}/streams/out HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
  return socket
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
