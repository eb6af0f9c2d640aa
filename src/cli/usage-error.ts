// What is wrong with the call itself: an option, an argument, a file that is named. The exit code is then 2, and nothing has been done.
import { RunfeedError } from '../protocol/errors.ts'

export class UsageError extends RunfeedError {
  override readonly name: string = 'UsageError'
  constructor(message: string) {
    super('usage', message)
  }
}

/** Ends a command with this code, all having been said. */
export class Exit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}
