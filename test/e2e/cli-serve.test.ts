// `runfeed serve` as a process: what it prints, what it keeps, how it stops, and what it refuses.
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { folder, jsonLines, run, serve, start, TASKS } from '../cli/command.ts'

test('prints the address for people, without colour where no terminal is', async () => {
  const command = start(['serve', '--memory', '--port', '0', '--tasks', TASKS])
  const [, url] = await command.said(/➜ {2}(http:\/\/127\.0\.0\.1:\d+)\n/)
  await command.said(/Ctrl\+C stops\.\n/)
  expect(command.stdout()).toContain('executes count, greet, wait, words')
  expect(command.stdout()).toContain('keeps runs in memory')
  expect(command.stdout()).not.toContain('\u001b')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  command.process.kill('SIGINT')
  expect(await command.ended).toMatchObject({ code: 0 })
})

test('prints one line of JSON, executes the tasks of a TypeScript file with their hooks, and ends with 0 while it is watched', async () => {
  const server = await serve(['--tasks', TASKS])
  expect(jsonLines(server.stdout())).toEqual([
    { url: server.url, port: server.port, data: null, tasks: expect.arrayContaining(['count', 'greet', 'wait', 'words']) as string[], keys: 0 },
  ])
  const done = await run(['trigger', 'count', '{"to":3}', '--wait', '--json', '--url', server.url])
  expect(done.code).toBe(0)
  expect(jsonLines(done.stdout)).toMatchObject([{ status: 'COMPLETED', output: { counted: 3 }, metadata: { total: 3, done: 3, isHooked: true } }])
  const [{ id } = {}] = jsonLines((await run(['trigger', 'wait', '--json', '--url', server.url])).stdout)
  const watcher = start(['watch', String(id), '--url', server.url])
  await watcher.said(/isWaiting: true/)
  server.process.kill('SIGTERM')
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' })
  // it does not take the server's end for the run's
  await watcher.said(/the connection is lost; trying again/)
})

test('executes a task of plain JavaScript, and those of several files', async () => {
  const at = await folder()
  await writeFile(
    join(at, 'plain.mjs'),
    "export default 1\nexport { default as greet } from '" + new URL('../cli/tasks/greet.mjs', import.meta.url).href + "'\n",
  )
  const server = await serve(['--tasks', join(at, 'plain.mjs')])
  expect(await run(['trigger', 'greet', '"world"', '--wait', '--url', server.url])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('output: hello world') as string,
  })
})

test('keeps runs in its folder, goes on with those that were queued, and has the folder for itself', async () => {
  const data = join(await folder(), 'below', 'it')
  const first = await serve(['--data', data])
  const [{ id } = {}] = jsonLines((await run(['trigger', 'greet', '"again"', '--json', '--url', first.url])).stdout)
  expect(await readFile(join(data, '.gitignore'), 'utf8')).toBe('*\n')
  const second = await run(['serve', '--data', data, '--port', '0'])
  expect(second.code).toBe(1)
  expect(second.stderr).toMatch(/^✗ .*runs\.db is in use by another process; stop that one, or give this one a file of its own\n$/)
  first.process.kill('SIGTERM')
  expect((await first.ended).code).toBe(0)
  const third = await serve(['--data', data, '--tasks', TASKS])
  expect(await run(['watch', String(id), '--url', third.url])).toMatchObject({ code: 0, stdout: expect.stringContaining('hello again') as string })
})

test('a folder that is there is left as it is, and a file is no folder', async () => {
  const data = await folder()
  await writeFile(join(data, 'mine'), '')
  await serve(['--data', data])
  expect(await readdir(data)).not.toContain('.gitignore')
  const { code, stderr } = await run(['serve', '--port', '0', '--data', join(data, 'mine')])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^✗ runs cannot be kept in .*mine: [^\n]+\n$/)
})

test('a port that was asked for and is taken is an error; the usual one is not', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as { readonly port: number }
  const { code, stdout, stderr } = await run(['serve', '--memory', '--port', String(port)])
  expect([code, stdout, stderr]).toEqual([1, '', `✗ port ${port} of 127.0.0.1 is in use; name another one, or none\n`])
  const usual = [start(['serve', '--memory', '--json']), start(['serve', '--memory', '--json'])]
  const ports = await Promise.all(usual.map(async (one) => Number((await one.said(/"port":(\d+)/))[1])))
  expect(new Set(ports).size).toBe(2)
  for (const one of ports) expect(one).toBeGreaterThanOrEqual(4680)
})

test('without keys it listens on loopback alone', async () => {
  const { code, stderr } = await run(['serve', '--memory', '--port', '0', '--host', '0.0.0.0'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^✗ .*no keys.*loopback.*\n$/)
})

test.each<[what: string, name: string, text: string, says: RegExp]>([
  ['has no task in it', 'none.ts', 'export const n: number = 1\n', /none\.ts exports no task; export what task\(\{ id, run \}\) gives/],
  ['throws', 'throws.ts', "throw new Error('no database')\n", /throws\.ts could not be loaded: Error: no database/],
  ['is no code', 'broken.mjs', 'export const = 1\n', /broken\.mjs could not be loaded: SyntaxError/],
  ['is no TypeScript', 'broken.mts', 'const one = 1\nexport const = 1\n', /broken\.mts could not be loaded: SyntaxError.*broken\.mts:2\)/],
  [
    'has an enum',
    'enum.ts',
    'enum One { two }\nexport const one = One.two\n',
    /SyntaxError: TypeScript enum is not supported[\w -]+; .*npm install --save-dev tsx/,
  ],
  ['needs what is not there', 'needs.mjs', "import 'no-such-package'\n", /needs\.mjs could not be loaded: .*no-such-package/],
  [
    'has a task of another copy',
    'other.mjs',
    "export const a = { id: 'a', trigger() {}, triggerAndWait() {} }\n",
    /other\.mjs: a is a task of another copy of runfeed/,
  ],
  [
    'has hooks that are none',
    'hooks.mjs',
    `export * from '${new URL('../cli/tasks/greet.mjs', import.meta.url).href}'\nexport { default } from '${new URL('../cli/tasks/greet.mjs', import.meta.url).href}'\nexport const config = { onStart: 1 }\n`,
    /hooks\.mjs: config is no set of hooks/,
  ],
])('a file that %s is refused with 2, and nothing is served', async (_what, name, text, says) => {
  const file = join(await folder(), name)
  await writeFile(file, text)
  const { code, stdout, stderr } = await run(['serve', '--memory', '--port', '0', '--tasks', file])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^✗ [^\n]+\n$/)
  expect(stderr).toMatch(says)
})

test('TypeScript that imports is a module, and so is what it imports, where npm init has written "type": "commonjs"', async () => {
  const at = await folder()
  await writeFile(join(at, 'package.json'), '{"type":"commonjs"}')
  await writeFile(join(at, 'tasks.ts'), "import { one } from './one.ts'\nexport const all: readonly unknown[] = [one]\n")
  await writeFile(join(at, 'one.ts'), `export { default as one } from '${new URL('../cli/tasks/greet.mjs', import.meta.url).href}'\n`)
  await writeFile(join(at, 'own.cts'), "import type { Server } from 'node:net'\nmodule.exports = { none: undefined as Server | undefined }\n")
  const command = start(['serve', '--memory', '--port', '0', '--tasks', join(at, 'tasks.ts')])
  await command.said(/executes greet\n/)
  expect(command.stderr()).toBe('')
  const { code, stderr } = await run(['serve', '--memory', '--port', '0', '--tasks', join(at, 'own.cts')])
  expect([code, stderr]).toEqual([2, expect.stringMatching(/own\.cts exports no task/)])
})

test('two tasks of one id are refused, with both files', async () => {
  const { code, stderr } = await run(['serve', '--memory', '--port', '0', '--tasks', TASKS, '--tasks', 'test/cli/tasks/greet.mjs'])
  expect([code, stderr]).toEqual([2, `✗ there are two tasks with the id "greet", in ${TASKS} and test/cli/tasks/greet.mjs; give one another id\n`])
})
