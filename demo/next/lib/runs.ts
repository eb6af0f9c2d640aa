// What pages get from the run server before the browser asks for anything.
import { dehydrate, type Run, RunfeedError, type Source } from 'runfeed'
import { createPublicToken } from 'runfeed/server'
import { connect, secretKey } from './connect.ts'
import { digest } from './contract.ts'

/** Ms that a page waits for the run server, before it is sent without runs; the browser asks on. */
const PATIENCE_MS = 3_000

/** What a page may do: read digests. Where people log in, each gets a scope such as `read:tags:team:7`. */
export const pageToken = (): Promise<string> => createPublicToken({ secretKey: secretKey(), scopes: [`read:tasks:${digest.id}`] })

/** The newest digests; `undefined` when the run server does not answer. */
export async function newestRuns(): Promise<readonly Run[] | undefined> {
  const client = connect()
  try {
    const { runs } = await client.runs.list({ task: digest.id, limit: 20 }, AbortSignal.timeout(PATIENCE_MS))
    return runs
  } catch (thrown) {
    console.error(`runs could not be read: ${String(thrown)}`)
    return undefined
  } finally {
    client.close()
  }
}

/** A run and what it has written, for a HydrationBoundary; `null` when there is none, `undefined` when the run server does not answer. */
export async function readRun(id: string): Promise<string | null | undefined> {
  const client = connect()
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    for await (const run of client.run(id).values({ signal })) {
      if (run.task !== digest.id) return null
      // a stream that has been opened is told at once, with its text so far
      if (run.streams['summary']) await firstNews(client.stream(id, 'summary'), signal)
      break
    }
    return dehydrate(client)
  } catch (thrown) {
    if (thrown instanceof RunfeedError && thrown.type === 'not_found') return null
    console.error(`${id} could not be read: ${String(thrown)}`)
    return undefined
  } finally {
    client.close()
  }
}

/** Or the signal: a page without the text is better than none. */
const firstNews = (source: Source<unknown>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    source.subscribe(resolve)
    signal.addEventListener('abort', () => resolve())
  })
