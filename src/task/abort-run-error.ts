// How task code says that another attempt would be of no use.
import { RunfeedError } from '../protocol/errors.ts'

/** Thrown in a task, it fails the run at once, whatever attempts are left. */
export class AbortRunError extends RunfeedError {
  override readonly name: string = 'AbortRunError'
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('abort_run', message)
    if (options?.cause !== undefined) this.cause = options.cause
  }
}
