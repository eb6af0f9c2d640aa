// The port of a server: the one that was asked for, else the first free one from the usual one on.
import { RunfeedError } from '../protocol/errors.ts'
import type { RunServer } from '../server/create-run-server.ts'
import { DEFAULT_PORT } from './server-options.ts'

type Listening = Awaited<ReturnType<RunServer['listen']>>

const MORE_PORTS = 100

/** @throws RunfeedError `port_taken`, `cannot_listen`; `not_loopback` where the server has no keys. */
export async function listen(server: RunServer, host: string, port: number | undefined): Promise<Listening> {
  const first = port ?? DEFAULT_PORT
  for (let more = 0; ; more++) {
    try {
      return await server.listen({ host, port: first === 0 ? 0 : first + more })
    } catch (thrown) {
      if (thrown instanceof RunfeedError) throw thrown
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
      if (code === 'EADDRINUSE' && port === undefined && more < MORE_PORTS) continue
      if (code === 'EADDRINUSE')
        throw new RunfeedError(
          'port_taken',
          port === undefined
            ? `ports ${first} to ${first + more} are in use; name a free one with --port`
            : `port ${port} of ${host} is in use; name another one, or none`,
        )
      throw new RunfeedError('cannot_listen', `${host}:${first} cannot be listened on: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
}
