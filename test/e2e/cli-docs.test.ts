// docs/cli.md: every command on the page is called, in order, and prints what the page shows. Ids, times and ports are the page's own.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run, start } from '../cli/command.ts'
import { blocksOf } from '../house/docs.ts'
import { framesOf } from '../support/frames.ts'

const PAGE = 'docs/cli.md'
// below the repository, where a file finds `runfeed/task`
const FOLDER = join('.cache', 'cli-docs')
const KEY = 'sk_0123456789abcdefghijklmnopqrstuvwxyz'

interface Call {
  readonly kind: string
  readonly line: string
  readonly prints: string
}

function callsOf(page: string): readonly Call[] {
  const fences = [...page.matchAll(/^```console ?(\w*)\n([\s\S]*?)^```$/gm)]
  return fences.flatMap(([, kind = '', text = '']) =>
    text
      .split(/^\$ /m)
      .slice(1)
      .map((one) => ({ kind, line: one.slice(0, one.indexOf('\n')), prints: one.slice(one.indexOf('\n') + 1) })),
  )
}

/** As a shell reads it: words, and what is between single quotes. */
const wordsOf = (line: string): readonly string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')

const ID = /run_[a-z0-9]{20}/g
/** Without what is another each time. Columns keep their width: an age of 12 s moves the next one. */
const plain = (text: string): string =>
  text
    .replaceAll(/\d+(?:\.\d+)? (?:ms|s)(?= {2}|$|\n)\s*/g, '<time> ')
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
    .replaceAll(/\b\d+ steps/g, '<n> steps')

/** Its feed goes on until its end. */
async function ended(url: string, id: string): Promise<void> {
  for await (const frame of framesOf(await fetch(`${url}/v1/runs/${id}/events`))) if (frame.event === 'end') return
}

test('the page shows what the command prints', async () => {
  const page = readFileSync(PAGE, 'utf8')
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  onTestFinished(() => rmSync(FOLDER, { recursive: true, force: true }))
  for (const { file, code } of blocksOf('page', page)) writeFileSync(join(FOLDER, file.replace(/^page./, '')), code)
  let url = ''
  const ids = new Map<string, string>()
  const shown: string[] = []
  const printed: string[] = []
  for (const { kind, line, prints } of callsOf(page)) {
    const [command, ...words] = wordsOf(line)
    shown.push(`$ runfeed ${words.join(' ')}`)
    printed.push(`$ ${command} ${words.join(' ')}`)
    const args = words.map((word) => word.replaceAll(ID, (id) => ids.get(id) ?? id))
    if (kind === 'serve') {
      const server = start([...args, '--port', '0'], { cwd: FOLDER })
      url = `http://${(await server.said(/127\.0\.0\.1:\d+/))[0]}`
      await server.said(/Ctrl\+C stops\.\n\n/)
      shown.push(plain(prints))
      printed.push(plain(server.stdout()))
      continue
    }
    const { stdout, stderr } = await run(args, { cwd: FOLDER, env: { RUNFEED_URL: url, ...(kind === 'key' && { RUNFEED_SECRET_KEY: KEY }) } })
    const said = stderr + stdout
    const own = said.match(ID) ?? []
    for (const [index, id] of (prints.match(ID) ?? []).entries()) ids.set(id, own[index] ?? id)
    // the page watches and lists what has ended
    if (args[0] === 'trigger') for (const id of own) await ended(url, id)
    shown.push(plain(prints.replaceAll(ID, (id) => ids.get(id) ?? id)))
    printed.push(plain(said))
  }
  expect(printed).toEqual(shown)
  expect(shown.length).toBeGreaterThan(16)
})

test('the page names every command, and the options that it names are there', async () => {
  const page = readFileSync(PAGE, 'utf8')
  const helps = await Promise.all(
    ['serve', 'worker', 'trigger', 'watch', 'runs', 'token', 'record'].map(async (command) => (await run([command, '--help'])).stdout),
  )
  for (const help of helps) expect(page).toContain(`\`${/^Usage: (runfeed \w+)/.exec(help)?.[1]}`)
  const named = new Set([...page.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option))
  const known = new Set(helps.flatMap((help) => help.match(/--[a-z][a-z-]+/g) ?? []))
  expect([...named].filter((option) => !known.has(option))).toEqual([])
})
