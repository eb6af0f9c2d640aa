// Surroundings in which nobody waits long.
import { type Environment, environment } from '../../src/transport/environment.ts'

/** Chance decides how long to wait before the next attempt; here it is always soon. */
export const eager: Environment = { ...environment, random: () => 0.01 }

const LONG_MS = 2000
const INSTEAD_MS = 400

/**
 * Waits of seconds, which are those for a first frame or an answer, end early, and the clock jumps over the rest as that of a machine that
 * slept. Other waits see the jump as well: one more fault.
 */
export function impatient(): Environment {
  let ahead = 0
  return {
    ...eager,
    now: () => environment.now() + ahead,
    setTimer(task, ms) {
      if (ms < LONG_MS) return environment.setTimer(task, ms)
      return environment.setTimer(() => {
        ahead += ms - INSTEAD_MS
        task()
      }, INSTEAD_MS)
    },
  }
}
