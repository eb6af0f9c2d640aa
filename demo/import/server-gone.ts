// When a server that does not answer is given up.

export class ServerGoneError extends Error {
  override readonly name = 'ServerGoneError'
  /** @param ms - how long it has not answered. */
  constructor(url: string, ms: number, what: string) {
    super(`the server at ${url} is gone: it has not answered for ${ms / 1000} s; ${what}`)
  }
}
