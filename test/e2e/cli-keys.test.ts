// The command and a server with keys: who is let in with what, and which tokens it makes.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, run, serve, start, TASKS } from '../cli/command.ts'

const KEY = 'sk_0123456789abcdefghijklmnopqrstuvwxyz'
const OLD_KEY = 'sk_old_3456789abcdefghijklmnopqrstuvwxyz'
const WRONG_KEY = 'sk_wrong_56789abcdefghijklmnopqrstuvwxyz'
const withKey = (key: string) => ({ env: { RUNFEED_SECRET_KEY: key } })

const idOf = (stdout: string): string => String(jsonLines(stdout)[0]?.['id'])

test('a server with keys takes each of them, from the environment or a file, and nobody without', async () => {
  const file = join(await folder(), 'keys')
  await writeFile(file, `${KEY}\n${OLD_KEY}\n`)
  const server = await serve(['--tasks', TASKS, '--secret-key-file', file])
  expect(jsonLines(server.stdout())).toMatchObject([{ keys: 2 }])
  const list = ['runs', '--url', server.url]
  for (const settings of [withKey(KEY), withKey(OLD_KEY), withKey(`${KEY},${OLD_KEY}`)]) expect(await run(list, settings)).toMatchObject({ code: 0 })
  expect(await run([...list, '--secret-key-file', file])).toMatchObject({ code: 0 })
  const none = await run(list)
  expect(none.code).toBe(1)
  expect(none.stderr).toMatch(/^✗ .* asks for a key.*RUNFEED_SECRET_KEY.*--secret-key-file.*--token\n$/)
  const wrong = await run([...list, '--json'], withKey(WRONG_KEY))
  expect(wrong.code).toBe(1)
  expect(jsonLines(wrong.stderr)).toMatchObject([{ error: { type: 'unauthorized' } }])
})

test('a worker needs the key: without it, or with another, it ends at once', async () => {
  const server = await serve([], withKey(KEY))
  const args = ['worker', '--tasks', TASKS, '--url', server.url]
  for (const settings of [{}, withKey(WRONG_KEY)]) expect(await run(args, settings)).toMatchObject({ code: 1, stdout: '' })
  start(args, withKey(KEY))
  const done = await run(['trigger', 'greet', '"key"', '--wait', '--url', server.url], withKey(KEY))
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('hello key') as string })
})

test('a server without keys makes no token, and says how it would', async () => {
  const server = await serve([])
  const { code, stdout, stderr } = await run(['token', 'read:runs:a', '--url', server.url])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^✗ this server has no keys.*start "runfeed serve" with RUNFEED_SECRET_KEY or --secret-key-file.*\n$/)
})

test('a token is printed alone, and reads what its scopes name', async () => {
  const server = await serve(['--tasks', TASKS], withKey(KEY))
  const at = ['--url', server.url]
  const one = idOf((await run(['trigger', 'count', '{"to":2}', '--wait', '--json', ...at], withKey(KEY))).stdout)
  const other = idOf((await run(['trigger', 'greet', '"x"', '--wait', '--json', ...at], withKey(KEY))).stdout)
  const made = await run(['token', `read:runs:${one}`, '--expires-in', '1h', '--subject', 'somebody', ...at], withKey(KEY))
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(made.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  const local = await run(['token', `read:runs:${one}`, '--local', '--json', ...at], withKey(KEY))
  expect(jsonLines(local.stdout)).toEqual([{ token: expect.any(String) as string }])
  const late = await run(['token', `read:runs:${one}`, '--local', '--expires-in', '31d'], withKey(KEY))
  expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('30 days at most') as string])
  for (const token of [made.stdout.trim(), String(jsonLines(local.stdout)[0]?.['token'])]) {
    const codes = await Promise.all(
      [
        run(['watch', one, ...at], { env: { RUNFEED_TOKEN: token } }),
        run(['watch', one, '--token', token, ...at], withKey(WRONG_KEY)),
        run(['watch', other, '--token', token, ...at]),
        run(['runs', '--token', token, ...at]),
        // a token in the environment is no key
        run(['record', one, ...at], { env: { RUNFEED_TOKEN: token } }),
      ].map(async (ended) => (await ended).code),
    )
    expect(codes).toEqual([0, 0, 1, 1, 1])
  }
  expect(await run(['record', one, ...at], withKey(KEY))).toMatchObject({ code: 0 })
})

test('a token that triggers waits for its own run alone, which is given what the token says', async () => {
  const server = await serve(['--tasks', TASKS], withKey(KEY))
  const at = ['--url', server.url]
  const made = await run(['token', 'trigger:tasks:greet', '--trigger', '{"tags":["team:7"]}', '--json', ...at], withKey(KEY))
  const [{ token, expiresAt } = {}] = jsonLines(made.stdout)
  expect(expiresAt).toEqual(expect.any(Number))
  const done = await run(['trigger', 'greet', '"token"', '--wait', '--json', '--token', String(token), ...at])
  expect(done.code).toBe(0)
  expect(jsonLines(done.stdout)).toMatchObject([{ output: 'hello token', tags: ['team:7'] }])
  expect(await run(['trigger', 'count', '{"to":1}', '--token', String(token), ...at])).toMatchObject({ code: 1, stdout: '' })
})

test('tokens are for servers with keys, and for who has one', async () => {
  const keyless = await serve()
  const { code, stdout, stderr } = await run(['token', 'read:tasks:greet', '--url', keyless.url])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^✗ .*keys?.*\n$/)
  const server = await serve([], withKey(KEY))
  expect(await run(['token', 'read:tasks:greet', '--url', server.url], withKey(WRONG_KEY))).toMatchObject({ code: 1, stdout: '' })
})

test('with keys it listens elsewhere too; a key that is too short is refused, and not shown', async () => {
  const server = await serve(['--host', '0.0.0.0'], withKey(KEY))
  expect(await run(['runs', '--url', `http://127.0.0.1:${server.port}`], withKey(KEY))).toMatchObject({ code: 0 })
  const { code, stdout, stderr } = await run(['serve', '--memory', '--port', '0'], withKey('sk_short'))
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^✗ a secret key is 32 to 256 .*randomBytes.*\n$/)
  expect(stderr).not.toContain('sk_short')
})

test('pages of an origin that is allowed may ask, and no other', async () => {
  const server = await serve(['--allow-origin', 'https://app.example'], withKey(KEY))
  const ask = async (origin: string): Promise<string | null> =>
    (await fetch(`${server.url}/v1/runs`, { headers: { origin, authorization: `Bearer ${KEY}` } })).headers.get('access-control-allow-origin')
  expect(await ask('https://app.example')).toBe('https://app.example')
  expect(await ask('https://other.example')).toBeNull()
  expect(await run(['serve', '--memory', '--port', '0', '--allow-origin', 'app'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"app" is no origin') as string,
  })
})
