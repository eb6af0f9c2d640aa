// What a page receives for an import of 3,376 rows, beside what resending the document at each of its versions would cost.
import { createRunClient } from 'runfeed'
import { createRunServer, sqliteEngine } from 'runfeed/server'
import { batch, metadata, task } from 'runfeed/task'
import { jsonBytes } from '../../src/protocol/json.ts'
import { applyPatch } from '../../src/protocol/patch.ts'
import type { Row } from '../row.ts'

const ROWS = 3376
const BATCH = 500

/** @param folder - where the data file may be. */
export async function sampleImportBytes(folder: string): Promise<readonly Row[]> {
  const row = task({ id: 'row', run: (_: number, { ctx }) => void metadata.parent.increment('processedRows', 1).append('rowRuns', ctx.run.id, { max: 1000 }) })
  const rows = task({
    id: 'rows',
    run: async () => {
      metadata.set('status', 'importing').set('totalRows', ROWS)
      for (let from = 0; from < ROWS; from += BATCH)
        await batch.triggerAndWait(Array.from({ length: Math.min(BATCH, ROWS - from) }, (_, i) => ({ id: 'row', payload: from + i })))
    },
  })
  const engine = sqliteEngine({ file: `${folder}/bytes.db` })
  const server = createRunServer({ engine, tasks: [row, rows] })
  const { url } = await server.listen()
  let received = 0
  const counting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.byteLength
        controller.enqueue(chunk)
      },
    })
    return new Response(response.body?.pipeThrough(counter), response)
  }
  const client = createRunClient({ baseUrl: url, fetch: counting })
  try {
    const { id } = await rows.trigger(null)
    const first = await engine.record.read(id)
    if (!first) throw new Error('the run is not there')
    const source = client.run(id)
    await new Promise<void>((resolve) => {
      source.subscribe(() => source.getSnapshot().end && resolve())
    })
    const entries = await engine.record.since(id, first.cursor)
    if (!entries) throw new Error('the log was cut')
    let resent = 0
    let record: Parameters<typeof applyPatch>[0] = JSON.parse(JSON.stringify(first.run)) as Parameters<typeof applyPatch>[0]
    for (const { patch } of entries) {
      record = applyPatch(record, patch)
      resent += jsonBytes(record)
    }
    return [
      {
        name: 'bytes of an import that a page receives, as a share of resending',
        value: (100 * received) / resent,
        unit: '%',
        limit: { most: 5 },
        raw: { received, 'resending would take': resent, versions: entries.length },
      },
    ]
  } finally {
    client.close()
    await server.close()
  }
}
