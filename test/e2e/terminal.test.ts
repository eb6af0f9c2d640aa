// The terminal: a file goes in through the same client that pages use; how it went is in the exit code and in words.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { sqliteEngine } from 'runfeed/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ended } from '../support/heard.ts'
import { importsOf, newestRun, tableRows } from './demo-record.ts'
import { dataFolder, type DemoServer, removeFolder, startDemo } from './demo-server.ts'
import { importAtTerminal, importFrom, importInTerminal, importInto, importUnprivileged } from './terminal-client.ts'

const SAMPLE = fileURLToPath(new URL('../../node_modules/vega-datasets/data/airports.csv', import.meta.url))
const RAGGED = 'name,amount\nfirst,1\nshort\n,nameless\n"two\nlines",2\nlong,3,4\n'

let folder: string
let server: DemoServer
beforeAll(async () => {
  folder = await dataFolder()
  server = await startDemo({ data: await dataFolder(), rowDelay: 25 })
})
afterAll(async () => {
  await server?.end('SIGTERM')
  if (server) await removeFolder(server.data)
  await removeFolder(folder)
})

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

/** The sample's first rows under a name of their own: the tests share a server, its rows at work too, and none knows what is newest on it. */
const sampleAs = async (name: string): Promise<string> => await file(name, (await readFile(SAMPLE, 'utf8')).split('\n').slice(0, 1001).join('\n'))

/** What it said, where that is one line on stderr and nothing else, and it ended with 1. */
const refusalOf = ({ code, stdout, stderr }: Ended): string =>
  code === 1 && stdout === '' && /^[^\n]+\n$/.test(stderr) ? stderr.trim() : `${code} ${stdout} ${stderr}`

// side by side: most of the time is a process that starts, or a row that waits
describe.concurrent('the terminal', () => {
  test('a file goes into the demo that is listening; the summary names rows, accepted, rejected with reasons, and time', async () => {
    const { code, stdout, stderr } = await importInTerminal(await file('ragged.csv', RAGGED), ['--port', String(server.port)]).ended
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`ragged.csv: 5 rows, into the demo at ${server.url}`)
    expect(stdout).toMatch(/ragged\.csv: 5 rows, 2 accepted, 3 rejected, in \d+\.\d s/)
    expect(stdout).toContain('1 rejected: the first field is empty')
    expect(stdout).toContain('line 3: fewer fields than the header: short')
    expect(stdout).toContain('line 7: more fields than the header: long, 3, 4')
    const [run] = await importsOf(server, 'ragged.csv')
    expect(tableRows(server, run?.id ?? '').map(({ line }) => line)).toEqual([2, 5])
  })

  test('without a terminal it says few lines, and they rise', async () => {
    const { code, stdout } = await importInTerminal(await sampleAs('few.csv'), ['--port', String(server.port)]).ended
    expect(code).toBe(0)
    const percents = [...stdout.matchAll(/: (\d+) %/g)].map(([, percent]) => Number(percent))
    expect(percents.length).toBeLessThanOrEqual(10)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
    expect(stdout).toContain('few.csv: 1,000 rows, 1,000 accepted, 0 rejected')
    expect(stdout).not.toContain('\u001b')
  })

  test('what is no CSV file is refused in one line, and nothing is imported', async () => {
    const refused = async (path: string): Promise<string> => refusalOf(await importInTerminal(path, ['--port', String(server.port)]).ended)
    expect(await refused(join(folder, 'missing.csv'))).toBe('✗ missing.csv does not exist')
    expect(await refused(folder)).toMatch(/^✗ \S+ is a folder; name a CSV file$/)
    expect(await refused(await file('empty.csv', ''))).toBe('✗ empty.csv is empty; choose a CSV file with a header line')
    expect(await refused(await file('nul.csv', 'a,b\n1,\0\n'))).toBe('✗ nul.csv is no CSV file: it holds a NUL byte')
    expect(await refused(await file('latin1.csv', Buffer.from('name\nZo\u00eb\n', 'latin1')))).toBe('✗ latin1.csv is no CSV file: it is not UTF-8 text')
    for (const name of ['missing.csv', 'empty.csv', 'nul.csv', 'latin1.csv']) expect(await importsOf(server, name)).toEqual([])
  })

  test('a file that may not be read is refused', async () => {
    const path = await file('secret.csv', RAGGED)
    await chmod(path, 0)
    expect(refusalOf(await importUnprivileged(path, ['--port', String(server.port)]).ended)).toBe('✗ secret.csv cannot be read: permission denied')
  })

  test('an import that somebody cancels ends with 1 and says what is kept', async () => {
    const canceled = importInTerminal(await sampleAs('canceled.csv'), ['--port', String(server.port)])
    await canceled.said(/ %, /)
    await fetch(`${server.url}/v1/runs/${(await importsOf(server, 'canceled.csv'))[0]?.id}/cancel`, { method: 'POST', headers: { 'x-runfeed': '1' } })
    const { code, stderr } = await canceled.ended
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/the import of canceled\.csv was canceled, after [\d,]+ of 1,000 rows; the [\d,]+ that were accepted are kept\n$/),
    ])
  })

  test('an import that fails ends with 1 and says why', async () => {
    const broken = await startDemo({ data: await dataFolder(), rowDelay: 5 })
    try {
      const failing = importInTerminal(SAMPLE, ['--port', String(broken.port)])
      await failing.said(/ %, /)
      const database = new DatabaseSync(join(broken.data, 'demo.db'), { timeout: 5000 })
      database.exec('DROP TABLE rows')
      database.close()
      const failed = await failing.ended
      expect([failed.code, failed.stderr]).toEqual([
        1,
        expect.stringMatching(/the import of airports\.csv failed: line \d+ could not be imported: .*no such table/),
      ])
      expect(failed.stderr.trimEnd().split('\n')).toHaveLength(1)
    } finally {
      await broken.end('SIGTERM')
      await removeFolder(broken.data)
    }
  })

  test('Ctrl+C leaves the import to the server, says where it is, and cancels nothing', async () => {
    const client = importInTerminal(await sampleAs('left.csv'), ['--port', String(server.port)])
    await client.said(/ %, /)
    client.process.kill('SIGINT')
    const { code, stderr } = await client.ended
    expect([code, stderr.trim()]).toEqual([130, `the import of left.csv goes on in the server: open ${server.url} to look at it, or to cancel it`])
    const id = (await importsOf(server, 'left.csv'))[0]?.id
    // the feed's body ends when the import has
    await (await fetch(`${server.url}/v1/runs/${id}/events`)).text()
    expect(await importsOf(server, 'left.csv')).toMatchObject([{ id, status: 'COMPLETED', metadata: { acceptedRows: 1000 } }])
  })

  test('at a terminal a bar moves in place, Ctrl+C gives the cursor back', async () => {
    if (spawnSync('script', ['--version']).status !== 0) throw new Error('script is not installed: apt-get install bsdutils')
    const client = importAtTerminal(await sampleAs('bar.csv'), ['--port', String(server.port)])
    await client.said(/ [1-9]\d?% .*rows\/s .*left .*accepted, 0 rejected/)
    // as the keyboard sends it: the terminal makes a signal of it
    client.process.stdin?.write('\u0003')
    const { code, stdout } = await client.ended
    expect(code).toBe(130)
    expect(stdout).toContain('goes on in the server')
    expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'))
  })

  test('who reads only the first line does not end the import', async () => {
    const client = importInTerminal(await sampleAs('head.csv'), ['--port', String(server.port)])
    await client.said(/head\.csv: 1,000 rows, into/)
    client.process.stdout?.destroy()
    const [code] = (await once(client.process, 'exit')) as [number | null]
    expect([code, client.stderr()]).toEqual([0, ''])
    expect(await importsOf(server, 'head.csv')).toMatchObject([{ status: 'COMPLETED', metadata: { acceptedRows: 1000 } }])
  })

  test.skipIf(!existsSync('/dev/full'))('output that cannot be written ends it with 1 and one line', async () => {
    const full = openSync('/dev/full', 'w')
    try {
      const { code, stderr } = await importInto(full, await file('full.csv', RAGGED), ['--port', String(server.port)]).ended
      expect([code, stderr.trim()]).toEqual([1, '✗ the output could not be written: ENOSPC: no space left on device, write'])
    } finally {
      closeSync(full)
    }
  })

  test('--help says what --file does', async () => {
    const { code, stdout } = await importInTerminal('x', ['--help']).ended
    expect([code, stdout]).toEqual([0, expect.stringContaining('--file <path>')])
  })

  test('a server of its own imports where none listens, and another one finds the rows', async () => {
    const data = await dataFolder()
    const { code, stdout } = await importInTerminal(await file('own.csv', RAGGED), ['--port', '0', '--data', data, '--row-delay', '0']).ended
    expect([code, stdout]).toEqual([0, expect.stringContaining('5 rows, 2 accepted, 3 rejected')])
    const later = await startDemo({ data })
    try {
      const run = await newestRun(later, 'csv-import')
      expect([run.status, tableRows(later, run.id).length]).toEqual(['COMPLETED', 2])
    } finally {
      await later.end('SIGTERM')
      await removeFolder(data)
    }
  })

  test('the demo that has the data folder is found wherever it listens', async () => {
    const { code, stdout } = await importInTerminal(await file('noted.csv', 'a\n1\n'), ['--port', '0', '--data', server.data]).ended
    expect([code, stdout]).toEqual([0, expect.stringContaining(`noted.csv: 1 row, into the demo at ${server.url}\n`)])
    expect(await importsOf(server, 'noted.csv')).toHaveLength(1)
  })

  test('paths are meant from where one stands, and the folder that is named is the one that has the rows', async () => {
    const here = await dataFolder()
    await writeFile(join(here, 'here.csv'), 'a\n1\n')
    const first = await importFrom(here, 'here.csv', ['--port', '0', '--data', 'kept']).ended
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('here.csv: 1 row, into kept; no demo is listening\n')])
    mkdirSync(join(here, '.runfeed'))
    // somebody else is at work there
    const lock = sqliteEngine({ file: join(here, '.runfeed', 'runs.db') })
    try {
      const { code, stdout } = await importFrom(here, 'here.csv', ['--port', '0']).ended
      expect([code, stdout]).toEqual([0, expect.stringContaining('into .runfeed/2; .runfeed is in use, and no demo is listening\n')])
      expect(existsSync(join(here, '.runfeed', '2', 'demo.db'))).toBe(true)
    } finally {
      await lock.close()
      await removeFolder(here)
    }
  })

  test('another server on the port is left alone, and so is a demo with another data folder', async () => {
    const data = await dataFolder()
    const asked: string[] = []
    const stranger = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.end('<p>somebody else')
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    try {
      for (const port of [(stranger.address() as AddressInfo).port, server.port]) {
        const { code, stdout } = await importInTerminal(await file('mine.csv', RAGGED), ['--port', String(port), '--data', data, '--row-delay', '0']).ended
        expect([code, stdout]).toEqual([0, expect.stringContaining('no demo is listening')])
      }
      expect(asked).toEqual(['GET /demo'])
    } finally {
      stranger.close()
      await removeFolder(data)
    }
  })

  test('a server that goes away for good is given up, in one line', async () => {
    const dying = await startDemo({ data: await dataFolder(), rowDelay: 5 })
    try {
      const client = importInTerminal(SAMPLE, ['--port', String(dying.port), '--give-up', '1000'])
      await client.said(/ %, /)
      await dying.end('SIGKILL')
      const { code, stderr } = await client.ended
      expect([code, stderr]).toEqual([1, expect.stringContaining(`the server at ${dying.url} is gone: it has not answered for 1 s`)])
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    } finally {
      await removeFolder(dying.data)
    }
  })

  test('Ctrl+C ends an import of its own within 2 s, and what was accepted is there later', async () => {
    const data = await dataFolder()
    const client = importInTerminal(SAMPLE, ['--port', '0', '--data', data, '--row-delay', '20'])
    await client.said(/ %, /)
    const began = performance.now()
    client.process.kill('SIGINT')
    const { code, stderr } = await client.ended
    expect([code, stderr]).toEqual([130, expect.stringContaining('rows that were accepted are kept')])
    expect(performance.now() - began).toBeLessThan(2000)
    await removeFolder(data)
  })
})
