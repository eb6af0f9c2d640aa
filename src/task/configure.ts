// Where the server is, for a process that holds none: said once by `configure`, or by the environment.
import { type HttpBackend, httpBackend } from './http/http-backend.ts'

export interface Configuration {
  /** Where the server is, without `/v1`. @defaultValue `RUNFEED_URL` */
  readonly url?: string
  /** @defaultValue `RUNFEED_SECRET_KEY`; none is needed by a server of this machine that has no keys */
  readonly secretKey?: string
}

let configured: Configuration = {}
/** One for each server and key: what listens to one server shares its connections. */
const backends = new Map<string, HttpBackend>()

/**
 * Says where the server is, for `trigger`, `runs` and `withRun` in a process that holds no server. What is left out is the environment's:
 * RUNFEED_URL, RUNFEED_SECRET_KEY. Called again it replaces what was said before.
 * @throws InvalidRequestError for a `url` that is none
 */
export function configure(configuration: Configuration): void {
  configured = configuration
  configuredBackend()
}

/** @param own - comes before what was configured. @returns `undefined` where no address was given. @throws InvalidRequestError */
export function configuredBackend(own: Configuration = {}): HttpBackend | undefined {
  const url = own.url ?? configured.url ?? process.env['RUNFEED_URL']
  if (!url) return undefined
  // a key belongs to its server: one that was given for another is not sent
  const secretKey = own.secretKey ?? (own.url === undefined || own.url === configured.url ? configured.secretKey : undefined) ?? keyOfEnvironment(url)
  const name = JSON.stringify([url, secretKey])
  let backend = backends.get(name)
  if (!backend) backends.set(name, (backend = httpBackend({ url, secretKey })))
  return backend
}

/** The environment's key, for the environment's server, and for whatever server where the environment names none. */
function keyOfEnvironment(url: string): string | undefined {
  const { RUNFEED_URL, RUNFEED_SECRET_KEY } = process.env
  return !RUNFEED_URL || RUNFEED_URL === url ? RUNFEED_SECRET_KEY || undefined : undefined
}
