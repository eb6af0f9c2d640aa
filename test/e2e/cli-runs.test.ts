// `runfeed runs`, `trigger` and `watch` against a real server in this process, whose tasks are held at gates.
import { logger, metadata, task } from 'runfeed/task'
import { describe, expect, test } from 'vitest'
import { folder, jsonLines, run, serve, start, TASKS } from '../cli/command.ts'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

const greet = task({ id: 'greet', run: (name: string) => `hello ${name}` })
const fail = task({
  id: 'fail',
  run: () => {
    throw new Error('it\u001b[31m broke')
  },
})
/** At half of it until the gate opens. */
const half = (opened: Promise<void>) =>
  task({
    id: 'half',
    run: async () => {
      metadata.set('total', 4).set('done', 2).set('step', 'first \u001b[2Jhalf')
      logger.warn('now waiting', { for: 'the gate' })
      await metadata.flush()
      await opened
      metadata.set('done', 4)
      return { all: true }
    },
  })

describe('runs', () => {
  test('is a table, newest first, with what the metadata says of progress', async () => {
    const held = gate()
    const server = await startServer({ tasks: [greet, fail, half(held.opened)] })
    const greeted = await server.trigger('greet', 'a', { tags: ['one', 'two'] })
    await server.ended(greeted)
    const failed = await server.trigger('fail')
    await server.ended(failed)
    const halfway = await server.trigger('half')
    const watcher = start(['watch', halfway, '--url', server.url])
    await watcher.said(/50 %/)
    const { code, stdout, stderr } = await run(['runs', '--url', server.url])
    held.open()
    expect([code, stderr]).toEqual([0, ''])
    const rows = stdout.trimEnd().split('\n')
    expect(rows[0]).toMatch(/^ID +TASK +STATUS +AGE +PROGRESS +TAGS$/)
    expect(rows.slice(1).map((row) => row.split(/ {2,}/).filter((_, column) => column !== 3))).toEqual([
      [halfway, 'half', 'EXECUTING', '50 %'],
      [failed, 'fail', 'FAILED'],
      [greeted, 'greet', 'COMPLETED', 'one two'],
    ])
    expect(new Set(rows.map((row) => row.search(/ {2}(?:\d+ (?:s|min)|AGE)/))).size).toBe(1)
  })

  test('filters, goes on over pages, and is a run on each line with --json', async () => {
    const server = await startServer({ tasks: [greet] })
    const ids: string[] = []
    for (let i = 0; i < 230; i++) ids.push(await server.trigger('greet', String(i), { tags: [i % 2 === 0 ? 'even' : 'odd'] }))
    await Promise.all(ids.slice(-20).map(async (id) => await server.ended(id)))
    const of = async (...args: string[]): Promise<readonly unknown[]> =>
      jsonLines((await run(['runs', '--json', '--url', server.url, ...args])).stdout).map(({ id }) => id)
    expect(await of('--limit', '1000')).toEqual(ids.toReversed())
    expect(await of()).toEqual(ids.slice(-20).toReversed())
    expect(await of('--tag', 'even', '--limit', '3')).toEqual([ids[228], ids[226], ids[224]])
    expect(await of('--task', 'other')).toEqual([])
    expect(await of('--status', 'failed,canceled')).toEqual([])
    expect((await of('--status', 'COMPLETED', '--limit', '2')).length).toBe(2)
    expect(await of('--parent', ids[0] as string)).toEqual([])
  })
})

describe('trigger', () => {
  test('prints the id alone, and gives the run what the options say', async () => {
    const server = await startServer({ tasks: [greet] })
    const options = [
      '--tag',
      'a,b',
      '--tag',
      'c',
      '--metadata',
      '{"from":"cli"}',
      '--idempotency-key',
      'k',
      '--delay',
      '1h',
      '--ttl',
      '2h',
      '--max-attempts',
      '3',
    ]
    const { code, stdout, stderr } = await run(['trigger', 'greet', '"x"', ...options, '--max-duration', '1m', '--concurrency-key', 'c', '--url', server.url])
    expect([code, stderr]).toEqual([0, ''])
    const id = stdout.trim()
    expect(await server.run(id)).toMatchObject({ task: 'greet', payload: 'x', tags: ['a', 'b', 'c'], metadata: { from: 'cli' }, status: 'DELAYED' })
    const again = await run(['trigger', 'greet', '"y"', '--idempotency-key', 'k', '--json', '--url', server.url])
    expect(jsonLines(again.stdout)).toEqual([{ id }])
  })

  test('reads the payload from stdin, and no payload is null', async () => {
    const server = await startServer({ tasks: [greet] })
    const text = JSON.stringify('x'.repeat(200_000))
    const piped = await run(['trigger', 'greet', '-', '--url', server.url], { input: text })
    expect(JSON.stringify((await server.run(piped.stdout.trim())).payload)).toBe(text)
    expect((await server.run((await run(['trigger', 'greet', '--url', server.url])).stdout.trim())).payload).toBeNull()
    const { code, stderr } = await run(['trigger', 'greet', '-', '--url', server.url], { input: '{' })
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^✗ the payload from stdin is refused\. It is not JSON/)])
  })

  test('--wait ends with the run: 0 for COMPLETED, 1 for anything else', async () => {
    const server = await startServer({ tasks: [greet, fail] })
    const done = await run(['trigger', 'greet', '"x"', '--wait', '--url', server.url])
    expect(done.code).toBe(0)
    expect(done.stdout).toMatch(/^COMPLETED after [^\n]+\n {2}output: hello x\n$/)
    expect(done.stderr).toMatch(/^run_[a-z0-9]{20}\n$/)
    const failed = await run(['trigger', 'fail', '--wait', '--url', server.url])
    expect(failed.code).toBe(1)
    expect(failed.stdout).toMatch(/^FAILED after [^\n]+\n {2}Error: it broke\n$/)
    const json = await run(['trigger', 'fail', '--wait', '--json', '--url', server.url])
    expect([json.code, json.stderr]).toEqual([1, ''])
    expect(jsonLines(json.stdout)).toMatchObject([{ status: 'FAILED', error: { type: 'Error' } }])
  })

  test('says which tasks there are', async () => {
    const server = await startServer({ tasks: [greet] })
    const { code, stdout, stderr } = await run(['trigger', 'gret', '--url', server.url])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/"gret".*"greet"/)
  })
})

describe('watch', () => {
  test('says status, metadata, log lines and the end, in plain lines', async () => {
    const held = gate()
    const server = await startServer({ tasks: [half(held.opened)] })
    const id = await server.trigger('half')
    const watcher = start(['watch', id, '--url', server.url])
    await watcher.said(/ {2}50 %, 2 of 4\n/)
    await watcher.said(/now waiting/)
    held.open()
    const { code, stdout, stderr } = await watcher.ended
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`^${id} half\n`))
    expect(stdout).toContain('  step: first half\n')
    expect(stdout).toContain('  warn now waiting {"for":"the gate"}\n')
    expect(stdout).toMatch(/COMPLETED after [^\n]+\n {2}output: \{"all":true\}\n$/)
    expect(stdout).not.toContain('\u001b')
  })

  test('is a run for each version that came with --json, up to its last', async () => {
    const held = gate()
    const server = await startServer({ tasks: [half(held.opened)] })
    const id = await server.trigger('half')
    const watcher = start(['watch', id, '--json', '--url', server.url])
    await watcher.said(/"done":2/)
    held.open()
    const { code, stdout } = await watcher.ended
    const versions = jsonLines(stdout).map(({ version }) => Number(version))
    expect(code).toBe(0)
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
    expect(jsonLines(stdout).at(-1)).toEqual(await server.run(id))
  })

  test('ends with 1 for a run that did not complete', async () => {
    const server = await startServer({ tasks: [fail] })
    const { code, stdout } = await run(['watch', await server.trigger('fail'), '--url', server.url])
    expect(code).toBe(1)
    expect(stdout).toMatch(/FAILED after [^\n]+\n {2}Error: it broke\n$/)
  })

  test('--value and --max name the metadata that says how far it is', async () => {
    const named = task({ id: 'named', run: () => void metadata.set('a', { b: 3 }).set('all', 4) })
    const server = await startServer({ tasks: [named] })
    const { stdout } = await run(['watch', await server.trigger('named'), '--value', '$.a.b', '--max', 'all', '--url', server.url])
    expect(stdout).toContain('  75 %, 3 of 4\n')
  })

  test('--stream writes the chunks and nothing else, as they come', async () => {
    const held = gate()
    const parts = async function* (): AsyncGenerator<unknown> {
      yield 'one '
      await held.opened
      yield 'two'
      yield { three: 3 }
    }
    const speak = task({
      id: 'speak',
      run: async () => {
        for await (const _part of await metadata.stream('text', parts()));
      },
    })
    const server = await startServer({ tasks: [speak] })
    const watcher = start(['watch', '--stream', 'text', await server.trigger('speak'), '--url', server.url])
    await watcher.said(/^one $/)
    held.open()
    expect(await watcher.ended).toEqual({ code: 0, stdout: 'one two{"three":3}\n', stderr: '' })
  })

  test('goes on when the server was killed and is back, with 0 when the run completes then', async () => {
    const data = await folder()
    const first = await serve(['--data', data])
    const id = (await run(['trigger', 'greet', '"again"', '--url', first.url])).stdout.trim()
    const watcher = start(['watch', id, '--url', first.url])
    await watcher.said(/QUEUED/)
    first.process.kill('SIGKILL')
    await watcher.said(/the connection is lost; trying again\n/)
    await serve(['--data', data, '--port', String(first.port), '--tasks', TASKS])
    const { code, stdout } = await watcher.ended
    expect(code).toBe(0)
    expect(stdout).toContain('output: hello again')
  })

  test('Ctrl+C ends it with 130 while the server is away too', async () => {
    const held = gate()
    const server = await startServer({ tasks: [half(held.opened)] })
    const watcher = start(['watch', await server.trigger('half'), '--url', server.url])
    await watcher.said(/50 %/)
    await server.close()
    await watcher.said(/the connection is lost; trying again\n/)
    watcher.process.kill('SIGINT')
    expect((await watcher.ended).code).toBe(130)
    held.open()
  })

  test('draws a bar on a terminal, and leaves it as it was', async () => {
    const held = gate()
    const server = await startServer({ tasks: [half(held.opened)] })
    const id = await server.trigger('half')
    const watcher = start(['watch', id, '--url', server.url], { isTerminal: true })
    await watcher.said(/█+░+ 50% 2\/4/)
    await watcher.said(/step:.*first half/)
    held.open()
    const { code, stdout } = await watcher.ended
    expect(code).toBe(0)
    // the cursor and the wrapping of lines are back
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'))
    expect(stdout.lastIndexOf('\u001b[?7h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?7l'))
    expect(stdout).toContain('\u001b[32mCOMPLETED\u001b[39m after')
    // what the run says does nothing to it
    expect(stdout).not.toContain('\u001b[2J')
  })

  test('Ctrl+C at a terminal leaves the terminal as it was, and the run to itself', async () => {
    const held = gate()
    const server = await startServer({ tasks: [half(held.opened)] })
    const id = await server.trigger('half')
    const watcher = start(['watch', id, '--url', server.url], { isTerminal: true })
    await watcher.said(/50% 2\/4/)
    watcher.process.stdin?.write('\u0003')
    const { code, stdout } = await watcher.ended
    expect(code).toBe(130)
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'))
    expect((await server.run(id)).status).toBe('EXECUTING')
    held.open()
    expect((await server.ended(id)).status).toBe('COMPLETED')
  })

  test('has no colour on a terminal with NO_COLOR', async () => {
    const server = await startServer({ tasks: [greet] })
    const watcher = start(['watch', await server.trigger('greet', 'x'), '--url', server.url], { isTerminal: true, env: { NO_COLOR: '1' } })
    const { code, stdout } = await watcher.ended
    expect(code).toBe(0)
    expect(stdout).toContain('COMPLETED after')
    expect(stdout).not.toContain('\u001b[32m')
  })
})
