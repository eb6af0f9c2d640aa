// `runfeed token <scope...>`: a public access token, for a page or for somebody who may see a run.
import type { Command } from 'commander'
import { toRunfeedError } from '../protocol/errors.ts'
import { isJsonObject, type Json } from '../protocol/json.ts'
import type { PublicTokenContents } from '../server/auth/create-public-token.ts'
import { duration, jsonText, name } from './option-values.ts'
import { type Output, outputOf } from './output.ts'
import { addKeyedServerOptions, apiOf, type ServerOptions, serverOf, withAdvice, withKeyAlone } from './server-options.ts'
import { UsageError } from './usage-error.ts'

interface TokenOptions extends Omit<ServerOptions, 'token'> {
  readonly expiresIn?: number
  readonly subject?: string
  readonly trigger?: Json
  readonly local?: boolean
  readonly namespace?: string
  readonly json?: boolean
}

export function addToken(program: Command): void {
  const command = program
    .command('token')
    .description('Makes a public access token, and prints it alone.')
    .argument('<scope...>', 'what it is good for')
    .option('--expires-in <duration>', 'for how long (default: 15m)', duration)
    .option('--subject <id>', 'who will hold it; idempotency keys count per subject (default: a new one)')
    .option('--trigger <json>', 'with trigger:tasks:<id>: what its runs are given, such as {"tags":["team:7"]}', jsonText)
    .option('--local', 'make it here, without asking the server: from the secret key')
    .option('--namespace <name>', "with --local: the secret key's namespace (default: default)", name)
  addKeyedServerOptions(command)
    .addHelpText(
      'after',
      `
Scopes: read:runs:<id> (the run and its streams), read:tree:<id> (and its descendants), read:history:<id>, read:tags:<tag>, read:tasks:<id>,
trigger:tasks:<id>, cancel:runs:<id>. It needs the secret key.`,
    )
    .action(async (scopes: readonly string[], options: TokenOptions) => await makeToken(scopes, options, outputOf(options.json === true)))
}

async function makeToken(
  scopes: readonly string[],
  { expiresIn, subject, trigger, local = false, namespace, ...where }: TokenOptions,
  output: Output,
): Promise<void> {
  const { isScope } = await import('../server/auth/scopes.ts')
  const unknown = scopes.find((scope) => !isScope(scope))
  if (unknown !== undefined) throw new UsageError(`"${unknown}" is no scope; "runfeed token --help" lists them`)
  if (trigger !== undefined && !isJsonObject(trigger)) throw new UsageError('--trigger is a JSON object, such as {"tags":["team:7"]}')
  if (namespace !== undefined && !local) throw new UsageError('--namespace goes with --local: a server knows the namespace of its key')
  const server = withKeyAlone(serverOf(where))
  const { secretKey } = server
  const contents = {
    scopes,
    ...(expiresIn !== undefined && { expiresIn }),
    ...(subject !== undefined && { subject }),
    ...(trigger !== undefined && { trigger }),
  }
  if (local) {
    if (secretKey === undefined) throw new UsageError('--local makes the token from the secret key; set RUNFEED_SECRET_KEY, or use --secret-key-file')
    const { createPublicToken } = await import('../server/auth/create-public-token.ts')
    // nobody is asked: what is refused is the call
    const token = await createPublicToken({ ...(contents as PublicTokenContents), secretKey, ...(namespace !== undefined && { namespace }) }).catch(
      (thrown: unknown) => {
        throw new UsageError(toRunfeedError(thrown).message)
      },
    )
    output.json({ token })
    return output.line(token)
  }
  try {
    const answer = (await apiOf(server).call('POST', '/v1/tokens', contents)).body as { readonly token: string }
    output.json(answer)
    output.line(answer.token)
  } catch (thrown) {
    throw withAdvice(thrown, server)
  }
}
