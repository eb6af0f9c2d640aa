// Where the run server is, and the key that this server shows it. The key never leaves this machine.
import { createRunClient, type RunClient } from 'runfeed'

/** Pages ask there too: an address that browsers reach. */
export const RUNFEED_URL: string = process.env['RUNFEED_URL'] ?? 'http://127.0.0.1:4680'

export function secretKey(): string {
  const key = process.env['RUNFEED_SECRET_KEY']
  if (!key) throw new Error('RUNFEED_SECRET_KEY is not set: give Next the key that `runfeed serve` has')
  return key
}

/** A client of this server's own. Close it. */
export const connect = (): RunClient => createRunClient({ baseUrl: RUNFEED_URL, accessToken: secretKey() })
