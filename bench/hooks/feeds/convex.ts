// Convex's sync protocol over a WebSocket: queries are subscribed, and a transition brings the new results of those that changed.
import { requirePeer } from '../peers.ts'
import { valueAt } from '../script.ts'
import type { OpenFeed } from './feed.ts'

interface Socket {
  on(event: 'message', listener: (data: Buffer) => void): void
  send(text: string): void
}
interface WebSockets {
  handleUpgrade(...upgrade: [...Parameters<NonNullable<Awaited<ReturnType<OpenFeed>>['upgrade']>>, (socket: Socket) => void]): void
}
interface Message {
  readonly type: string
  readonly newVersion: number
  readonly modifications: readonly { readonly type: string; readonly queryId: number; readonly args: readonly [{ readonly id: string }] }[]
}

const stamp = (ts: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(ts))
  return bytes.toString('base64')
}

/** One reader: what it asked for, and the version that it has. */
class Session {
  readonly #socket: Socket
  readonly #queries = new Map<string, number>()
  #version = { querySet: 0, identity: 0, ts: stamp(0) }

  constructor(socket: Socket) {
    this.#socket = socket
  }
  add(querySet: number, id: string, queryId: number): void {
    this.#queries.set(id, queryId)
    this.#version = { ...this.#version, querySet: Math.max(querySet, this.#version.querySet) }
  }
  get version(): object {
    return this.#version
  }
  update(startVersion: object, ts: number, values: readonly { readonly id: string }[]): void {
    this.#version = { ...this.#version, ts: stamp(ts) }
    const modifications = values.flatMap((value) => {
      const queryId = this.#queries.get(value.id)
      return queryId === undefined ? [] : [{ type: 'QueryUpdated', queryId, value, logLines: [], journal: null }]
    })
    this.#socket.send(JSON.stringify({ type: 'Transition', startVersion, endVersion: this.#version, modifications }))
  }
}

export const convex: OpenFeed = async (_, ids) => {
  const { WebSocketServer } = requirePeer('ws') as { WebSocketServer: new (options: { noServer: true }) => WebSockets }
  const sockets = new WebSocketServer({ noServer: true })
  const sessions = new Set<Session>()
  let ts = 1
  return {
    answer: (_request, response) => void response.writeHead(404).end(),
    upgrade(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        const session = new Session(opened)
        sessions.add(session)
        opened.on('message', (data) => {
          const { type, newVersion, modifications } = JSON.parse(String(data)) as Message
          if (type !== 'ModifyQuerySet') return
          const before = session.version
          const wanted = modifications.map(({ queryId, args: [{ id }] }) => {
            session.add(newVersion, id, queryId)
            return id
          })
          session.update(
            before,
            ++ts,
            wanted.map((id) => valueAt(id, ids.indexOf(id), 0)),
          )
        })
      })
    },
    async send(from, to) {
      // a transition brings what is now: of a run that changed twice since the last one, the last value
      const values = new Map<string, object & { readonly id: string }>()
      for (let at = from; at < to; at++) {
        const id = ids[at % ids.length] as string
        values.set(id, valueAt(id, at % ids.length, at))
      }
      for (const session of sessions) session.update(session.version, ++ts, [...values.values()])
    },
  }
}
