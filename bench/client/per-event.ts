// What one event costs the client, against bare eventsource-parser and JSON.parse over the same bytes: parse, apply and publish.
import { createParser } from 'eventsource-parser'
import { encodeFrame, type Frame } from '../../src/protocol/frame.ts'
import type { Run } from '../../src/protocol/run.ts'
import { Fold } from '../../src/store/fold.ts'
import { Store } from '../../src/store/store.ts'
import { readFrames } from '../../src/transport/read-frames.ts'
import type { Row } from '../row.ts'

const EVENTS = 40_000
const ROUNDS = 15
/** What a socket gives at a time. */
const READ_BYTES = 16_384

const run: Run = {
  id: 'run_0123456789abcdefghij',
  namespace: 'default',
  task: 'answer',
  status: 'EXECUTING',
  tags: ['bench'],
  parentId: null,
  rootId: 'run_0123456789abcdefghij',
  depth: 0,
  attempt: 1,
  replayOf: null,
  payload: null,
  metadata: { done: 0, rows: Array.from({ length: 40 }, (_, at) => ({ name: `row ${at}`, note: '', done: 0 })) },
  output: undefined,
  error: null,
  createdAt: 1,
  startedAt: 1,
  finishedAt: null,
  cancelRequestedAt: null,
  updatedAt: 1,
  version: 1,
  streams: { text: { state: 'open' } },
}
const begin: Frame[] = [{ event: 'run', data: { run, cursor: '1.aaaa' } }]
const tokens = Array.from(
  { length: EVENTS },
  (_, index): Frame => ({
    event: 'chunks',
    data: { run: run.id, stream: 'text', index, cursor: `${index + 1}.aaaa`, chunks: [` token${index % 97}`], by: run.id },
  }),
)
const patches = Array.from(
  { length: EVENTS / 4 },
  (_, at): Frame => ({
    event: 'patch',
    data: {
      run: run.id,
      base: at + 1,
      cursor: `${at + 2}.aaaa`,
      at: at + 1,
      patch: [
        { op: 'replace', path: '/metadata/done', value: at },
        { op: 'replace', path: `/metadata/rows/${at % 40}/done`, value: at },
        { op: 'replace', path: `/metadata/rows/${at % 40}/note`, value: `${at} `.padEnd(760, 'what has come of this row so far. ') },
      ],
      by: run.id,
    },
  }),
)

const bytesOf = (frames: readonly Frame[]): Uint8Array[] => {
  const all = new TextEncoder().encode(frames.map(encodeFrame).join(''))
  return Array.from({ length: Math.ceil(all.length / READ_BYTES) }, (_, at) => all.subarray(at * READ_BYTES, (at + 1) * READ_BYTES))
}
function bodyOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks[at++]
      if (chunk) controller.enqueue(chunk)
      else controller.close()
    },
  })
}

async function bare(chunks: readonly Uint8Array[]): Promise<number> {
  let seen = 0
  const parser = createParser({
    onEvent({ data }) {
      if (JSON.parse(data) !== null) seen++
    },
  })
  const reader = bodyOf(chunks).getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return seen
    parser.feed(decoder.decode(value, { stream: true }))
  }
}

async function ours(chunks: readonly Uint8Array[]): Promise<number> {
  const store = new Store({ schedule: () => () => {} })
  const entries = [store.newRun(run.id), store.newStream(run.id, 'text', 0)]
  let published = 0
  for (const entry of entries) {
    store.hold(entry)
    entry.topic.subscribe(() => published++)
  }
  const fold = new Fold(
    store,
    entries.map((entry) => entry.want()),
  )
  for await (const frame of readFrames(() => Promise.resolve(bodyOf(chunks)), new AbortController().signal)) {
    fold.apply(frame)
    store.publisher.flush()
  }
  return published
}

async function timed(work: () => Promise<number>, events: number): Promise<number> {
  // the processor's time: other work on the machine does not count
  const start = process.cpuUsage()
  const seen = await work()
  const { user, system } = process.cpuUsage(start)
  if (seen !== events) throw new Error(`${seen} of ${events} were seen`)
  return (user + system) / 1000
}

/** Published after each event, as no page does: it is the most that one costs. */
export async function perEvent(): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const [name, frames] of [
    ['a token', tokens],
    ['a patch of 1 kB', patches],
  ] as const) {
    const chunks = bytesOf([...begin, ...frames])
    const events = frames.length + 1
    let [plain, whole] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    // by turns, and the best of each: what else the machine does only adds to it
    for (let round = 0; round < ROUNDS; round++) {
      plain = Math.min(plain, await timed(() => bare(chunks), events))
      whole = Math.min(whole, await timed(() => ours(chunks), events))
    }
    rows.push({
      name: `${name}: parsed, applied and published, against eventsource-parser and JSON.parse`,
      value: whole / plain,
      unit: 'times',
      limit: { most: 1.5 },
      raw: { 'bare us': (plain / events) * 1000, 'runfeed us': (whole / events) * 1000 },
    })
  }
  return rows
}
