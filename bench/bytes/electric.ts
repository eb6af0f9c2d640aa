// A row whose column is the document, followed as users of Electric follow it: its own client, and a server that speaks its protocol, in which an
// update carries each column that changed, whole, as the text that Postgres has of it.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ShapeLog } from '../hooks/feeds/shape-log.ts'
import { importPeer } from '../hooks/peers.ts'
import { Arrivals, type Open } from './contender.ts'

/** As much of `@electric-sql/client` as is used here: it is installed only where somebody benches. */
interface ElectricClient {
  readonly ShapeStream: new (options: { readonly url: string; readonly params: { readonly table: string }; readonly signal: AbortSignal }) => object
  readonly Shape: new (stream: object) => { subscribe(listener: (news: { readonly rows: readonly { readonly document: unknown }[] }) => void): void }
}

const ID = 'run_1'

export const electric: Open = async (document) => {
  const { Shape, ShapeStream } = (await importPeer('@electric-sql/client')) as ElectricClient
  let now = document
  const row = (operation: 'insert' | 'update') => ({ key: `"public"."runs"/"${ID}"`, operation, value: { id: ID, document: JSON.stringify(now) } })
  const log = new ShapeLog({ id: { type: 'text' }, document: { type: 'jsonb' } }, () => [row('insert')])
  const server = createServer((request, response) => log.answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const arrivals = new Arrivals()
  const controller = new AbortController()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async read(at) {
      const stream = new ShapeStream({ url: `${at}/v1/shape`, params: { table: 'runs' }, signal: controller.signal })
      new Shape(stream).subscribe(({ rows }) => arrivals.came((rows[0]?.document as { readonly n?: unknown } | undefined)?.n))
      await arrivals.of(0)
    },
    async change(n) {
      now = { ...now, n }
      log.append([row('update')])
      await arrivals.of(n)
    },
    async close() {
      controller.abort()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
