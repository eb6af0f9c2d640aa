// A call to the backend that is made again when what it met may pass: a full disk, a server that restarts. Whatever is called here may be
// repeated: a run to be has its id already, an append and a commit name writer and sequence.
import { HttpError, toRunfeedError } from '../protocol/errors.ts'
import { LEASE_MS } from '../protocol/limits.ts'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 2000

/**
 * Repeats `call` with growing, jittered waits.
 * @param patience - ms after which it gives up: the backend's own. @defaultValue 30 s, a lease: the run is then another's to end
 * @throws what `call` throws, when that is final or has lasted for so long.
 */
export async function retrying<T>(call: () => Promise<T>, patience: number = LEASE_MS): Promise<T> {
  // not by the clock of the day, which may be set meanwhile
  const giveUpAt = performance.now() + patience
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await call()
    } catch (thrown) {
      const error = toRunfeedError(thrown)
      const asked = error instanceof HttpError ? Math.min(error.retryAfter ?? 0, patience) : 0
      if (!error.retryable || performance.now() + asked + wait > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, asked + wait * (0.5 + Math.random() / 2)))
    }
  }
}
