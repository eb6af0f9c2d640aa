// Follows an import to its end, through whatever happens to the connection.
import { createRunClient, type Environment, type Run } from 'runfeed'
import { ServerGoneError } from './server-gone.ts'

/** How often a server that is away is asked whether it is back. A page waits longer, because there are many of them. */
const ASK_MS = 250
const ANSWER_MS = 5000

/**
 * @param giveUp - ms that a server may be away.
 * @returns the run as it ended.
 * @throws ServerGoneError; the error that says why the run cannot be read
 */
export async function followImport(url: string, id: string, giveUp: number, show: (run: Run) => void): Promise<Run> {
  const woken = new Set<() => void>()
  const client = createRunClient({ baseUrl: url, environment: environmentThatWakes(woken) })
  const source = client.run(id)
  let asking: ReturnType<typeof setTimeout> | undefined
  try {
    return await new Promise<Run>((resolve, reject) => {
      const read = (): void => {
        const { run, end, error } = source.getSnapshot()
        if (error) reject(error)
        if (run) show(run)
        if (run && end) resolve(run)
      }
      let awaySince: number | undefined
      const ask = async (): Promise<void> => {
        try {
          await client.runs.retrieve(id, AbortSignal.timeout(ANSWER_MS))
          awaySince = Date.now()
          for (const wake of woken) wake()
        } catch {
          // whatever it is, the server does not answer as it should
          if (awaySince !== undefined && Date.now() - awaySince > giveUp) reject(new ServerGoneError(url, giveUp, `the import is ${id} there`))
        }
        if (awaySince !== undefined) asking = setTimeout(() => void ask(), ASK_MS)
      }
      client.connection.subscribe(() => {
        const isAway = client.connection.getSnapshot().status === 'reconnecting'
        if (isAway && awaySince === undefined) {
          awaySince = Date.now()
          asking = setTimeout(() => void ask(), ASK_MS)
        } else if (!isAway) awaySince = undefined
      })
      source.subscribe(read)
      read()
    })
  } finally {
    clearTimeout(asking)
    client.close()
  }
}

/** As in a page, where the network comes back: who waits for the next attempt stops waiting. */
const environmentThatWakes = (woken: Set<() => void>): Environment => ({
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer(task, ms) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  onWake(listener) {
    woken.add(listener)
    return () => void woken.delete(listener)
  },
})
