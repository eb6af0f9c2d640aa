// What every command has in common: help, JSON, errors that say what to do, exit codes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { folder, jsonLines, run, start } from '../cli/command.ts'
import { startServer } from '../support/server.ts'

const COMMANDS = ['serve', 'worker', 'runs', 'watch', 'trigger', 'token', 'record']
/** What must be named beside the options. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  worker: ['--tasks', 'test/cli/tasks/tasks.ts'],
  watch: ['run_00000000000000000000'],
  trigger: ['count'],
  token: ['read:runs:run_00000000000000000000'],
  record: ['run_00000000000000000000'],
}
/** Nobody listens there: it is reserved, and below what is given to who asks for any. */
const NOWHERE = 'http://127.0.0.1:2'

// side by side: most of the time is a process that starts
describe.concurrent('a call', () => {
  test('without a command is help, which names every command', async () => {
    const { code, stdout, stderr } = await run([])
    expect([code, stderr]).toEqual([0, ''])
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    expect((await run(['--help'])).stdout).toBe(stdout)
  })

  test.each(COMMANDS)('%s --help says how it is called, and that it takes --json', async (command) => {
    const { code, stdout, stderr } = await run([command, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`^Usage: runfeed ${command} `))
    expect(stdout).toContain('--json')
    expect(stdout).not.toMatch(/--secret-key </)
  })

  test('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('is answered by a Node that cannot change how modules are loaded, which loads files all the same', async () => {
    const env = { NODE_OPTIONS: `--import=${new URL('../cli/older-node.ts', import.meta.url).href}` }
    expect(await run(['--help'], { env })).toEqual(await run(['--help']))
    const { code, stderr } = await run(['serve', '--tasks', 'test/cli/older-node.ts'], { env })
    expect([code, stderr]).toEqual([2, expect.stringContaining('exports no task') as string])
  })

  test.each<[what: string, args: readonly string[], says: RegExp]>([
    ['a command that is none', ['sevre'], /unknown command 'sevre'.*serve/],
    ['an option that is none', ['runs', '--taks', 'a'], /unknown option '--taks'.*--task/],
    ['an argument that is missing', ['watch'], /missing required argument 'id'/],
    ['an argument too many', ['watch', 'a', 'b'], /too many arguments/],
    ['a number that is none', ['runs', '--limit', 'many'], /--limit.*whole number from 1 to 100000/],
    ['a status that is none', ['runs', '--status', 'DONE'], /--status.*COMPLETED/],
    ['a tag that is none', ['runs', '--tag', 'a b'], /--tag.*1 to 128 letters/],
    ['a length of time that is none', ['trigger', 'a', '--delay', 'soon'], /--delay.*30s, 5m, 2h or 1d/],
    ['a key that is no path', ['watch', 'a', '--value', '$.a[*]'], /--value.*wildcards/],
    ['an address that is none', ['runs', '--url', 'localhost'], /"localhost" is no address/],
    ['an address with a password', ['runs', '--url', 'http://me:hunter2@127.0.0.1:2'], /^(?!.*hunter2).*a name or a password/],
    ['an address with a query', ['runs', '--url', 'http://127.0.0.1:2/?a=1'], /"http:\/\/127\.0\.0\.1:2\/\?a=1" has something behind its path/],
    ['a token with a line break', ['runs', '--token', 'aaa\nbbb'], /^(?!.*aaa).*the token .*copy it again/],
    ['a token of no letters', ['runs', '--token', ''], /--token.*no text/],
    ['an id of no letters', ['watch', ''], /'id'.*1 to 256/],
    ['a key of no letters', ['trigger', 'greet', '--idempotency-key', ''], /--idempotency-key.*1 to 256/],
    ['a payload that is no JSON', ['trigger', 'greet', 'world'], /payload.*not JSON.*'"text"'/],
    ['metadata that is no object', ['trigger', 'greet', '--metadata', '[1]'], /--metadata is a JSON object/],
    ['a scope that is none', ['token', 'read:everything'], /"read:everything" is no scope/],
    ['a token made here without a key', ['token', 'read:runs:a', '--local'], /RUNFEED_SECRET_KEY/],
    ['a script of another kind', ['record', 'a', '--out', 'a.yaml'], /\.ts or \.json/],
    ['tasks that are not there', ['serve', '--tasks', 'no-such.ts'], /there is no file no-such\.ts/],
    ['a worker without tasks', ['worker'], /--tasks/],
    ['two places for runs', ['serve', '--memory', '--data', 'a'], /do not go together/],
    ['a key file that is not there', ['runs', '--secret-key-file', 'no-such-file'], /no-such-file/],
    ['a secret key that all can see', ['runs', '--secret-key', 'sk_x'], /seen by whoever lists the processes.*RUNFEED_SECRET_KEY/],
  ])('refuses %s with 2, in one line', async (_what, args, says) => {
    const { code, stdout, stderr } = await run(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^✗ [^\n]+\n$/)
    expect(stderr).toMatch(says)
  })

  test.each(COMMANDS)('%s --json says what is wrong with the call as JSON', async (command) => {
    const { code, stdout, stderr } = await run([command, ...(ARGUMENTS[command] ?? []), '--json', '--no-such-option'])
    expect([code, stdout]).toEqual([2, ''])
    expect(jsonLines(stderr)).toEqual([{ error: { type: 'usage', message: expect.stringContaining('--no-such-option') as string } }])
  })

  test.each(COMMANDS.filter((command) => command !== 'serve' && command !== 'worker'))(
    '%s without a server fails with 1, and says how to start one',
    async (command) => {
      const args = [command, ...(ARGUMENTS[command] ?? []), '--url', NOWHERE]
      const { code, stdout, stderr } = await run(args)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^✗ .*"runfeed serve" starts one.*\n$/)
      expect(stderr.split(NOWHERE)).toHaveLength(2)
      const json = await run([...args, '--json'])
      expect(json.code).toBe(1)
      expect(jsonLines(json.stderr)).toEqual([{ error: { type: 'connection', message: expect.any(String) as string } }])
    },
  )
})

describe('a call', () => {
  test.each(['watch', 'record'])('%s fails with 1 for a run that is not there', async (command) => {
    const { url } = await startServer()
    const { code, stderr } = await run([command, 'run_00000000000000000000', '--url', url])
    expect([code, stderr]).toEqual([1, '✗ run_00000000000000000000 does not exist\n'])
  })

  test('what it says of others can do nothing to a terminal', async () => {
    const { code, stderr } = await run(['trigger', 'greet', '\u001b[2Jworld'])
    expect(code).toBe(2)
    expect(stderr).not.toContain('\u001b')
  })

  test('whoever stops reading is no failure', async () => {
    const command = start(['--help'])
    command.process.stdout?.destroy()
    expect((await command.ended).code).toBe(0)
  })

  test('what cannot be written is said in one line', async () => {
    const disk = openSync('/dev/full', 'w')
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
    const child = spawn(process.execPath, ['--conditions=@runfeed/source', main, '--version'], { stdio: ['ignore', disk, 'pipe'] })
    closeSync(disk)
    const [said, [code]] = await Promise.all([textOf(child.stderr as Readable), once(child, 'close') as Promise<[number]>])
    expect([code, said]).toEqual([1, expect.stringMatching(/^✗ the output could not be written: ENOSPC[^\n]*\n$/)])
  })

  test('a token that was read from a file may end in a new line', async () => {
    const { url } = await startServer()
    expect((await run(['runs', '--url', url], { env: { RUNFEED_TOKEN: 'a.b.c\n' } })).code).toBe(0)
  })

  test('RUNFEED_URL says where the server is, and --url comes before it', async () => {
    const { url } = await startServer()
    expect(await run(['runs'], { env: { RUNFEED_URL: url } })).toEqual({ code: 0, stdout: '', stderr: 'there are no such runs\n' })
    expect((await run(['runs', '--url', url], { env: { RUNFEED_URL: NOWHERE } })).code).toBe(0)
    expect((await run(['runs'], { env: { RUNFEED_URL: NOWHERE } })).code).toBe(1)
  })

  test('an empty key file is no key', async () => {
    const file = join(await folder(), 'key')
    await writeFile(file, '\n')
    const { code, stderr } = await run(['runs', '--secret-key-file', file])
    expect([code, stderr]).toEqual([2, `✗ there is no secret key in ${file}\n`])
  })
})
