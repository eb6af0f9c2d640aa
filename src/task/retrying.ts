// A call to the backend that is made again when what it met may pass: a full disk, a server that restarts.
import { toRunfeedError } from '../protocol/errors.ts'
import { LEASE_MS } from '../protocol/limits.ts'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000

/**
 * Repeats `call` with growing, jittered waits. It gives up when the run's lease would be out: the run is then another's to end.
 * @throws what `call` throws, when that is final or has lasted for so long.
 */
export async function retrying<T>(call: () => Promise<T>, giveUpAfterMs: number = LEASE_MS): Promise<T> {
  const giveUpAt = Date.now() + giveUpAfterMs
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await call()
    } catch (thrown) {
      const error = toRunfeedError(thrown)
      if (!error.retryable || Date.now() + wait > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)))
    }
  }
}
