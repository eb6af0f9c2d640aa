// `npm run bench`: measures what the issues put a figure on, prints the table with what it ran on, and keeps it in bench/results.md.
// Names as arguments run those alone, `npm run bench -- latency`; where a bench has parts, one of them: `npm run bench -- hooks:a`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytes } from './bytes/bytes.ts'
import { chunks } from './chunks/chunks.ts'
import { perEvent } from './client/per-event.ts'
import { fanOut } from './fan-out/fan-out.ts'
import { hooks } from './hooks/hooks.ts'
import { latency } from './latency/latency.ts'
import { machine } from './machine.ts'
import { record } from './record/record.ts'
import { passes, type Row, tableOf } from './row.ts'
import { rss } from './rss.ts'
import { sampleImport } from './sample-import.ts'

const all: { readonly [name: string]: (folder: string, part?: string) => Promise<readonly Row[]> } = {
  'fan-out': fanOut,
  import: sampleImport,
  latency,
  events: perEvent,
  bytes,
  chunks,
  rss,
  record,
  hooks,
}

const wanted = new Map<string, string | undefined>()
for (const argument of process.argv.slice(2)) {
  const [name = '', part] = argument.split(':')
  wanted.set(name, part)
}
for (const name of wanted.keys()) if (!(name in all)) throw new Error(`there is no bench "${name}"; there are ${Object.keys(all).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'runfeed-bench-'))
const rows: Row[] = []
try {
  for (const [name, measure] of Object.entries(all)) {
    if (wanted.size > 0 && !wanted.has(name)) continue
    process.stderr.write(`${name} ...\n`)
    rows.push(...(await measure(folder, wanted.get(name))))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const table = tableOf(rows)
console.log(`${machine}\n\n${table}`)
if (wanted.size === 0) writeFileSync(join(import.meta.dirname, 'results.md'), `# The last full run of \`npm run bench\`\n\n${machine}\n\n${table}\n`)
process.exitCode = rows.every(passes) ? 0 : 1
