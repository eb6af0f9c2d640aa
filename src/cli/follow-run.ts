// One run from now to its end, through the client that pages use: it survives restarts of the server and cut connections.
import { createRunClient } from '../client/create-run-client.ts'
import type { RunRef } from '../client/run-client.ts'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import type { Server } from './server-options.ts'

export interface Follower {
  /** A version of the run that came. */
  run(run: Run): void
  /** A chunk of the stream that is followed. */
  chunk(chunk: Json): void
  /** Chunks that are no longer kept. */
  gap(from: number, to: number): void
  /** The server went away, and is tried again; or it is back. */
  isAway(is: boolean): void
}

/**
 * Follows a run to its end; the chunks of its stream have come before that.
 * @param stream - `undefined`: none.
 * @returns the run as it ended.
 * @throws the error that says why it cannot be read
 */
export async function followRun(server: Server, ref: RunRef, stream: string | undefined, follower: Follower): Promise<Run> {
  const client = createRunClient({ baseUrl: server.url, ...(server.credential !== undefined && { accessToken: server.credential }) })
  try {
    // a server that is not there, and a run that is not, are said at once; later ones are waited for
    await client.runs.retrieve(typeof ref === 'string' ? ref : ref.id)
    return await new Promise<Run>((resolve, reject) => {
      const record = client.run(ref)
      const chunks = stream === undefined ? undefined : client.stream(ref, stream)
      let version = 0
      let next = 0
      let gapTo = 0
      let wasAway = false
      const readChunks = (): void => {
        if (!chunks) return
        const { log, gap, error } = chunks.getSnapshot()
        if (error) return reject(error)
        if (gap && gap.to > gapTo) {
          gapTo = gap.to
          follower.gap(gap.from, gap.to)
        }
        for (const chunk of log.slice(Math.max(next, log.firstIndex))) follower.chunk(chunk)
        next = Math.max(next, log.length)
      }
      const read = (): void => {
        const { run, end, error } = record.getSnapshot()
        if (error) return reject(error)
        if (run && run.version > version) {
          version = run.version
          follower.run(run)
        }
        readChunks()
        if (run && end) resolve(run)
      }
      client.connection.subscribe(() => {
        const { status } = client.connection.getSnapshot()
        const isAway = status === 'reconnecting'
        if (isAway !== wasAway && (isAway || status === 'open')) follower.isAway((wasAway = isAway))
      })
      chunks?.subscribe(read)
      record.subscribe(read)
      read()
    })
  } finally {
    client.close()
  }
}
