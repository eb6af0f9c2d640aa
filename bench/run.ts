// `npm run bench`: measures what the issues put a figure on, prints the table with what it ran on, and keeps it in bench/results.md.
// Names as arguments run those alone: `npm run bench -- latency`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { bytes } from './bytes.ts'
import { perEvent } from './client/per-event.ts'
import { fanOut } from './fan-out/fan-out.ts'
import { latency } from './latency/latency.ts'
import { record } from './record/record.ts'
import { passes, type Row, tableOf } from './row.ts'
import { rss } from './rss.ts'
import { sampleImport } from './sample-import.ts'

const all: { readonly [name: string]: (folder: string) => Promise<readonly Row[]> } = {
  'fan-out': fanOut,
  import: sampleImport,
  latency,
  events: perEvent,
  bytes,
  rss,
  record,
}

const wanted = process.argv.slice(2)
for (const name of wanted) if (!(name in all)) throw new Error(`there is no bench "${name}"; there are ${Object.keys(all).join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'runfeed-bench-'))
const rows: Row[] = []
try {
  for (const [name, measure] of Object.entries(all)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    process.stderr.write(`${name} ...\n`)
    rows.push(...(await measure(folder)))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const [cpu] = cpus()
const machine = `${cpus().length} cores of ${cpu?.model.trim() ?? 'an unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.versions.node}, SQLite ${process.versions.sqlite}`
const table = tableOf(rows)
console.log(`${machine}\n\n${table}`)
if (wanted.length === 0) writeFileSync(join(import.meta.dirname, 'results.md'), `# The last full run of \`npm run bench\`\n\n${machine}\n\n${table}\n`)
process.exitCode = rows.every(passes) ? 0 : 1
