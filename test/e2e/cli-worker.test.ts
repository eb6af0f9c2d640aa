// `runfeed worker` as a process beside a server that executes nothing itself.
import { expect, test } from 'vitest'
import { folder, jsonLines, run, serve, start, TASKS } from '../cli/command.ts'

const idOf = (stdout: string): string => String(jsonLines(stdout)[0]?.['id'])

test('takes runs from a server elsewhere and executes them, metadata, streams and log', async () => {
  const server = await serve()
  // before there is a worker: the run waits for one
  const id = idOf((await run(['trigger', 'count', '{"to":4}', '--json', '--url', server.url])).stdout)
  const worker = start(['worker', '--tasks', TASKS, '--url', server.url])
  const { code, stdout } = await run(['watch', id, '--url', server.url])
  expect(code).toBe(0)
  expect(stdout).toContain('info counting {"to":4}')
  expect(stdout).toContain('output: {"counted":4}')
  expect(worker.stdout()).toBe(`takes runs of count, greet, wait, words from ${server.url}; Ctrl+C stops\n`)
  expect(
    (await run(['watch', '--stream', 'text', idOf((await run(['trigger', 'words', '"a b c"', '--json', '--url', server.url])).stdout), '--url', server.url]))
      .stdout,
  ).toBe('a b c')
  worker.process.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 0, stderr: 'stopping …\n' })
})

test('waits for a server that is not there yet', async () => {
  const data = await folder()
  const first = await serve(['--data', data])
  const id = idOf((await run(['trigger', 'greet', '"late"', '--json', '--url', first.url])).stdout)
  first.process.kill('SIGTERM')
  await first.ended
  const worker = start(['worker', '--tasks', TASKS, '--url', first.url, '--json'])
  await worker.said(/\n/)
  expect(jsonLines(worker.stdout())).toMatchObject([{ url: first.url, isServerThere: false }])
  const second = await serve(['--data', data, '--port', String(first.port)])
  expect(await run(['watch', id, '--url', second.url])).toMatchObject({ code: 0, stdout: expect.stringContaining('hello late') as string })
})

test('a worker that is stopped gives back what it executes, where attempts are left', async () => {
  const server = await serve()
  const id = idOf((await run(['trigger', 'wait', '--max-attempts', '2', '--json', '--url', server.url])).stdout)
  const watcher = start(['watch', id, '--json', '--url', server.url])
  const first = start(['worker', '--tasks', TASKS, '--url', server.url, '--grace', '100'])
  await watcher.said(/"status":"EXECUTING".*"isWaiting":true/)
  first.process.kill('SIGTERM')
  expect((await first.ended).code).toBe(0)
  start(['worker', '--tasks', TASKS, '--url', server.url])
  await watcher.said(/"status":"EXECUTING".*"attempt":2/)
})

test('a key that the server does not take, and a server that is none, end it at once', async () => {
  const server = await serve()
  const { code, stderr } = await run(['worker', '--tasks', TASKS, '--url', `${server.url}/elsewhere`])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^✗ .*does not exist\n$/)
})
