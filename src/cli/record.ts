// `runfeed record <id>`: a real run as a script for `runfeed/testing`.
import { existsSync, writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { Command } from 'commander'
import { toRunfeedError } from '../protocol/errors.ts'
import type { Script } from '../testing/script.ts'
import { durationText } from './duration-text.ts'
import { type Output, outputOf } from './output.ts'
import { addKeyedServerOptions, apiOf, type ServerOptions, serverOf, withAdvice, withKeyAlone } from './server-options.ts'
import { UsageError } from './usage-error.ts'

interface RecordOptions extends Omit<ServerOptions, 'token'> {
  readonly out?: string
  readonly force?: boolean
  readonly json?: boolean
}

const TYPESCRIPT = ['.ts', '.mts']

export function addRecord(program: Command): void {
  const command = program
    .command('record')
    .description('Writes a script for createScriptedFeed (runfeed/testing) from what a server has of runs.')
    .argument('<id...>', 'the runs; several play together, at the times that they had')
    .option('--out <file>', 'a .ts or .json file (default: stdout, as TypeScript, with --json as JSON)')
    .option('--force', 'write over a file that is there')
  addKeyedServerOptions(command)
    .addHelpText(
      'after',
      '\nIt needs the secret key where the server has one. Payload, output and all of the metadata are in the script: look at it before you share it.',
    )
    .action(async (ids: readonly string[], options: RecordOptions) => await record(ids, options, outputOf(options.json === true)))
}

async function record(ids: readonly string[], { out, force = false, ...where }: RecordOptions, output: Output): Promise<void> {
  const isTypeScript = out === undefined ? !output.isJson : TYPESCRIPT.includes(extname(out))
  if (out !== undefined && !isTypeScript && extname(out) !== '.json') throw new UsageError(`${out}: the name ends in .ts or .json`)
  if (out !== undefined && !force && existsSync(out)) throw new UsageError(`${out} is there already; name another file, or say --force`)
  const server = withKeyAlone(serverOf(where))
  const [{ readRecording }, { scriptOf }] = await Promise.all([import('./read-recording.ts'), import('./script-of.ts')])
  const recordings = []
  try {
    for (const id of new Set(ids)) recordings.push(await readRecording(apiOf(server), id))
  } catch (thrown) {
    throw withAdvice(thrown, server)
  }
  const script = scriptOf(recordings)
  for (const { versions, lostVersions, lostChunks } of recordings) {
    const run = versions.at(-1)
    if (lostVersions > 0) output.note(`the first ${lostVersions} versions of ${run?.id} are no longer kept: the script begins after them`)
    if (lostChunks > 0) output.note(`${lostChunks} chunks of ${run?.id} are no longer kept, and not in the script`)
    if (run?.finishedAt === null) output.note(`${run.id} is ${run.status}: the script ends there`)
  }
  if (out === undefined) {
    if (isTypeScript) output.line(typeScriptOf(script))
    return output.json(script)
  }
  write(out, isTypeScript ? typeScriptOf(script) : linesOf(script))
  const duration = script.at(-1)?.at ?? 0
  output.json({ file: out, runs: ids, steps: script.length, duration })
  output.line(`${out}: ${script.length} steps in ${durationText(duration)}`)
}

/** Whose type it is. */
const TESTING = 'runfeed/testing'
const typeScriptOf = (script: Script): string => `import type { Script } from '${TESTING}'\n\nexport const script: Script = ${linesOf(script)}`

/** A step on each line: what changes between two recordings can be read. */
const linesOf = (script: Script): string => `[\n${script.map((step) => `  ${JSON.stringify(step)}`).join(',\n')}\n]`

function write(file: string, text: string): void {
  try {
    writeFileSync(file, `${text}\n`)
  } catch (thrown) {
    throw new UsageError(`the script could not be written: ${toRunfeedError(thrown).message}`)
  }
}
