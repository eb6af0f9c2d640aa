// When a server that does not answer is given up.

/** Long enough for a restart. */
export const GIVE_UP_MS = 6000

export class ServerGoneError extends Error {
  override readonly name = 'ServerGoneError'
  constructor(url: string, what: string) {
    super(`the server at ${url} is gone: it has not answered for ${GIVE_UP_MS / 1000} s; ${what}`)
  }
}
