// The terminal client through connections that are cut at random bytes: one import, complete, and a summary that is exact.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultProxy } from '../faults/proxy.ts'
import { importsOf, tableRows } from './demo-record.ts'
import { dataFolder, type DemoServer, removeFolder, startDemo } from './demo-server.ts'
import { importInTerminal } from './terminal-client.ts'

const SAMPLE = fileURLToPath(new URL('../../node_modules/vega-datasets/data/airports.csv', import.meta.url))
/** Connections that are cut; from then on all is well, or a client that is cut for ever would never end. */
const CUTS = 12
/** Answers are some hundred bytes, the feed of this import some hundred thousand. */
const MOST_BYTES = 60_000

let folder: string
let server: DemoServer
beforeAll(async () => {
  folder = await dataFolder()
  server = await startDemo({ data: await dataFolder(), rowDelay: 3 })
})
afterAll(async () => {
  await server?.end('SIGTERM')
  if (server) await removeFolder(server.data)
  await removeFolder(folder)
})

/** mulberry32: the same cuts for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function faults(seed: number): Parameters<typeof faultProxy>[1] {
  const random = randomOf(seed)
  return (connection) => {
    if (connection >= CUTS) return { kind: 'none' }
    // many small ones: the answers to the first requests are cut as well as the feed
    const after = Math.floor(random() ** 3 * MOST_BYTES)
    return { kind: random() < 0.5 ? 'cut' : 'end', after }
  }
}

test.concurrent.each([1, 2, 3])('an import through cut connections is exact and there once (seed %i)', async (seed) => {
  const name = `airports ${seed}.csv`
  const file = join(folder, name)
  await copyFile(SAMPLE, file)
  const proxy = await faultProxy(server.url, faults(seed))
  try {
    const { code, stdout, stderr } = await importInTerminal(file, ['--port', new URL(proxy.url).port]).ended
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`${name}: 3,376 rows, 3,376 accepted, 0 rejected`)
    expect(proxy.connections).toBeGreaterThan(CUTS)
    const runs = await importsOf(server, name)
    expect(runs).toHaveLength(1)
    expect(runs[0]).toMatchObject({ status: 'COMPLETED', metadata: { processedRows: 3376, acceptedRows: 3376, rejectedRows: 0 } })
    expect(tableRows(server, runs[0]?.id ?? '').map(({ line }) => line)).toEqual(Array.from({ length: 3376 }, (_, i) => i + 2))
  } finally {
    await proxy.close()
  }
})
