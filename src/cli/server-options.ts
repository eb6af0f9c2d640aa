// Where the server is, and what is shown to it: --url, --token, --secret-key-file, and the environment. A secret key is no argument:
// whoever may list this machine's processes would read it.
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { ConnectionError, toRunfeedError } from '../protocol/errors.ts'
import { Api } from '../task/http/api.ts'
import { givenText } from './option-values.ts'
import { UsageError } from './usage-error.ts'

export const DEFAULT_PORT = 4680
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`

export interface ServerOptions {
  readonly url?: string
  readonly token?: string
  readonly secretKeyFile?: string
}

export interface Server {
  readonly url: string
  /** The secret key. */
  readonly secretKey: string | undefined
  /** What goes into the `authorization` header: the token, else the secret key. */
  readonly credential: string | undefined
}

const KEY_FILE = '--secret-key-file <file>'
const NO_KEY_ARGUMENT =
  'a secret key in the command line is seen by whoever lists the processes; put it into RUNFEED_SECRET_KEY or into a file for --secret-key-file'

/** Of a command that reads, for which a public token may do. */
export const addServerOptions = (command: Command): Command =>
  addKeyedServerOptions(command).option('--token <token>', 'a public access token, instead of the secret key (default: RUNFEED_TOKEN)', givenText)

/** Of a command that needs the secret key. */
export const addKeyedServerOptions = (command: Command): Command =>
  addKeyOptions(command.option('--url <url>', `where the server is (default: RUNFEED_URL, else ${DEFAULT_URL})`))

export function addKeyOptions(command: Command): Command {
  const refused = new Option('--secret-key <key>').hideHelp().argParser(() => {
    throw new UsageError(NO_KEY_ARGUMENT)
  })
  return command.option(KEY_FILE, 'a file with the secret key (default: RUNFEED_SECRET_KEY)').addOption(refused)
}

/** @throws UsageError */
export function serverOf({ url, token, secretKeyFile }: ServerOptions): Server {
  const given = url ?? (process.env['RUNFEED_URL'] || DEFAULT_URL)
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new UsageError(`"${given}" is no address of a server; use one such as ${DEFAULT_URL}`)
  const { username, password, search, hash } = new URL(given)
  if (username + password !== '') throw new UsageError('the address of the server has a name or a password in it; use --token or --secret-key-file instead')
  if (search + hash !== '') throw new UsageError(`"${given}" has something behind its path; use an address such as ${DEFAULT_URL}`)
  const [secretKey] = secretKeysOf(secretKeyFile)
  // a file that it was read from may end in a new line
  const publicToken = (token ?? process.env['RUNFEED_TOKEN'])?.trim()
  checkCredential('the token', publicToken)
  checkCredential('the secret key', secretKey)
  return { url: given.replace(/\/+$/, ''), secretKey, credential: publicToken || secretKey }
}

/** One with a line break or a letter of another alphabet was copied wrong, and no header can hold it. @throws UsageError, which does not show it */
function checkCredential(what: string, text: string | undefined): void {
  if (text !== undefined && /[^\x21-\x7e]/.test(text)) throw new UsageError(`${what} has a blank or a sign in it that none has; copy it again`)
}

/**
 * The secret keys, newest first: several, with commas or on lines, while one replaces another.
 * @throws UsageError
 */
export function secretKeysOf(file: string | undefined): readonly string[] {
  const text = file === undefined ? (process.env['RUNFEED_SECRET_KEY'] ?? '') : readKeyFile(file)
  return text.split(/[\s,]+/).filter((key) => key !== '')
}

function readKeyFile(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new UsageError(`the secret key could not be read: ${toRunfeedError(thrown).message}`)
  }
  if (text.trim() === '') throw new UsageError(`there is no secret key in ${file}`)
  return text
}

/** For what a public token is never good for: one in the environment is meant for other commands. */
export const withKeyAlone = (server: Server): Server => ({ ...server, credential: server.secretKey })

/** The server's REST API. */
export const apiOf = ({ url, credential }: Server): Api => new Api({ url, secretKey: credential })

/** Says beside a server that is not there how one is started. */
export function withAdvice(thrown: unknown, { url, credential }: Server): unknown {
  const error = toRunfeedError(thrown)
  if (error instanceof ConnectionError) {
    const what = error.message.includes(url) ? error.message : `${url}: ${error.message}`
    return new ConnectionError(`${what}; is a server there? "runfeed serve" starts one, --url names another`, thrown)
  }
  if (error.type === 'unauthorized' && credential === undefined)
    return Object.assign(error, { message: `${url} asks for a key: ${error.message}; set RUNFEED_SECRET_KEY, or use --secret-key-file or --token` })
  return thrown
}
