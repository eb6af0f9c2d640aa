// What the command line asks for.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { typedPath } from './start-folder.ts'

export interface DemoOptions {
  /** The first port to try; the next free one is taken when nobody insisted. */
  readonly port: number
  readonly isPortFixed: boolean
  /** The folder where runs, rows and uploads are kept, whole. */
  readonly data: string
  readonly isDataFixed: boolean
  /** Whether an import of the sample begins at once. */
  readonly sample: boolean
  /** Whether what the data folder has is deleted first. */
  readonly fresh: boolean
  readonly help: boolean
  /** The path of a file to import, whole, instead of a server to start. */
  readonly file: string | undefined
  /** Ms that every row takes longer. */
  readonly rowDelay: number
  /** Ms between two pings of a feed; `undefined`: the server's own default. */
  readonly heartbeat: number | undefined
  /** Ms that a terminal waits for a server that does not answer. */
  readonly giveUp: number
}

/** Ports after the wanted one that are tried. */
export const MORE_PORTS = 100
/** Else the sample is over before anybody has opened the page. */
const ROW_DELAY_MS = 30
/** Long enough for a restart. */
const GIVE_UP_MS = 6000

export const HELP = `npm run demo -- [options]

  --port <number>   the port to listen on (default: 4680, or the next free one)
  --data <folder>   where runs, rows and uploads are kept (default: .runfeed)
  --no-sample       start without an import of the sample
  --row-delay <ms>  what each row waits, as if it asked a service (default: 30; 0 is as fast as it goes)
  --fresh           begin with an empty data folder: what is in it is deleted, unless another demo uses it
  --heartbeat <ms>  between two pings of a feed; a page that misses three reconnects (default: 15000)
  --help            this text

npm run demo -- --file <path> [--port <number>] [--data <folder>] [--row-delay <ms>] [--give-up <ms>]

  imports a CSV file (20,000 rows or 10 MB at most), shows how far it is, and ends: with 0 when the import is complete, with 1 when it is not.
  It goes into the demo that is listening (on --port, else on 4680 or after), into the one that has the data folder, or into that folder by itself.
  Ctrl+C ends with 130, and leaves an import in another server to itself. A server that does not answer for --give-up (6000) is given up.
`

/** @throws Error, one sentence that says which option is wrong */
export function readOptions(args: readonly string[]): DemoOptions {
  const { values } = parsed(args)
  if (values.fresh && values.file !== undefined) throw new Error('--fresh and --file do not go together: begin a demo with --fresh, then import the file')
  // resolved, it would be the folder where one stands, with everything in it
  if (values.data?.trim() === '') throw new Error('--data is empty; name a folder, or leave it out')
  if (values.file?.trim() === '') throw new Error('--file is empty; name a CSV file')
  return {
    port: values.port === undefined ? 4680 : whole('--port', values.port, 65_535),
    isPortFixed: values.port !== undefined,
    data: values.data === undefined ? resolve('.runfeed') : typedPath(values.data),
    isDataFixed: values.data !== undefined,
    sample: values.sample,
    fresh: values.fresh,
    help: values.help,
    file: values.file === undefined ? undefined : typedPath(values.file),
    rowDelay: values['row-delay'] === undefined ? ROW_DELAY_MS : whole('--row-delay', values['row-delay'], 60_000),
    heartbeat: values.heartbeat === undefined ? undefined : whole('--heartbeat', values.heartbeat, 60_000, 10),
    giveUp: values['give-up'] === undefined ? GIVE_UP_MS : whole('--give-up', values['give-up'], 600_000),
  }
}

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        'row-delay': { type: 'string' },
        heartbeat: { type: 'string' },
        'give-up': { type: 'string' },
        fresh: { type: 'boolean', default: false },
        sample: { type: 'boolean', default: true },
        file: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
      allowNegative: true,
    })
  } catch (thrown) {
    const { message } = thrown as Error
    // Node says in three lines what it may have been
    const option = /'(--[a-z-]+)' argument is ambiguous/.exec(message)?.[1]
    throw option === undefined ? thrown : new Error(`${option} lacks its value; one that begins with a dash is written ${option}=…`, { cause: thrown })
  }
}

function whole(name: string, text: string, max: number, min = 0): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
    throw new Error(`${name} is "${text}"; it is a whole number from ${min} to ${max}`)
  return value
}
