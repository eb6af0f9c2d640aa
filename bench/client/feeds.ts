// The feeds that the client's bench reads: what a page sees of an answer that comes token by token, and of a table whose rows change.
import { encodeFrame, type Frame } from '../../src/protocol/frame.ts'
import type { Run } from '../../src/protocol/run.ts'

export interface Feed {
  readonly events: number
  /** As a socket gives them. */
  readonly pieces: readonly Uint8Array[]
  /** What whoever has read all of it holds. */
  readonly metadata: Run['metadata']
  readonly chunks: readonly string[]
}

/** What a socket gives at a time where the server writes more than that: some 100 tokens, some 15 patches. */
const READ_BYTES = 16_384
const ROWS = 40

export const RUN = 'run_0123456789abcdefghij'
export const STREAM = 'text'

const metadata = (done: number, row: (at: number) => { readonly note: string; readonly done: number }): Run['metadata'] => ({
  done,
  rows: Array.from({ length: ROWS }, (_, at) => ({ name: `row ${at}`, ...row(at) })),
})
const run: Run = {
  id: RUN,
  namespace: 'default',
  task: 'answer',
  status: 'EXECUTING',
  tags: ['bench'],
  parentId: null,
  rootId: RUN,
  depth: 0,
  attempt: 1,
  replayOf: null,
  payload: null,
  metadata: metadata(0, () => ({ note: '', done: 0 })),
  output: undefined,
  error: null,
  createdAt: 1,
  startedAt: 1,
  finishedAt: null,
  cancelRequestedAt: null,
  updatedAt: 1,
  version: 1,
  streams: { [STREAM]: { state: 'open' } },
}

function feedOf(frames: readonly Frame[], expected: Pick<Feed, 'metadata' | 'chunks'>, cut: (bytes: Uint8Array) => readonly Uint8Array[]): Feed {
  const all = [{ event: 'run', data: { run, cursor: '1.aaaa' } } as const, ...frames]
  return { events: all.length, pieces: cut(new TextEncoder().encode(all.map(encodeFrame).join(''))), ...expected }
}
/** Pieces of one size: events begin in one and end in the next. */
const full = (bytes: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / READ_BYTES) }, (_, at) => bytes.slice(at * READ_BYTES, (at + 1) * READ_BYTES))
/** Each event by itself, as it comes while somebody watches. */
function single(bytes: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let from = 0; from < bytes.length; ) {
    let to = from
    while (bytes[to] !== 10 || bytes[to + 1] !== 10) to++
    pieces.push(bytes.slice(from, to + 2))
    from = to + 2
  }
  return pieces
}

function tokens(count: number, cut: (bytes: Uint8Array) => readonly Uint8Array[]): Feed {
  const said = Array.from({ length: count }, (_, index) => ` token${index % 97}`)
  const frames = said.map(
    (token, index): Frame => ({
      event: 'chunks',
      data: { run: RUN, stream: STREAM, index, cursor: `${index + 1}.aaaa`, chunks: [token], by: RUN },
    }),
  )
  return feedOf(frames, { metadata: run.metadata, chunks: said }, cut)
}

function patches(count: number): Feed {
  const noteOf = (at: number): string => `${at} `.padEnd(760, 'what has come of this row so far. ')
  const frames = Array.from(
    { length: count },
    (_, at): Frame => ({
      event: 'patch',
      data: {
        run: RUN,
        base: at + 1,
        cursor: `${at + 2}.aaaa`,
        at: at + 1,
        patch: [
          { op: 'replace', path: '/metadata/done', value: at },
          { op: 'replace', path: `/metadata/rows/${at % ROWS}/done`, value: at },
          { op: 'replace', path: `/metadata/rows/${at % ROWS}/note`, value: noteOf(at) },
        ],
        by: RUN,
      },
    }),
  )
  const lastOf = (row: number): number => count - ROWS + ((((row - count) % ROWS) + ROWS) % ROWS)
  return feedOf(frames, { metadata: metadata(count - 1, (row) => ({ note: noteOf(lastOf(row)), done: lastOf(row) })), chunks: [] }, full)
}

export const FEEDS = {
  tokens: (): Feed => tokens(40_000, full),
  'single tokens': (): Feed => tokens(10_000, single),
  patches: (): Feed => patches(10_000),
} as const
export type FeedName = keyof typeof FEEDS
