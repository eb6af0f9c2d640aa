// A page that follows runs as the test says, and keeps what it saw where the test can read it.
import { acrossTabs, createRunClient, type Json, type RunClient } from 'runfeed'

export interface Seen {
  readonly chunks: [index: number, chunk: Json][]
  metadata: Json
  ended: number
  errors: string[]
}
export interface TabPage {
  /** @param identity - shares with the tabs that have the same. */
  start(identity?: string, baseUrl?: string, accessToken?: string): void
  follow(run: string): void
  stop(run: string): void
  readonly seen: { readonly [run: string]: Seen }
  /** The status, and how frames come. */
  connection(): string
  /** Every one of those since the start, in order. */
  readonly connections: readonly string[]
}

declare global {
  interface Window {
    tab: TabPage
  }
}

let client: RunClient
const stops = new Map<string, AbortController>()
const seen: { [run: string]: Seen } = {}
const connections: string[] = []
window.tab = {
  seen,
  connections,
  start(identity, baseUrl = '', accessToken) {
    client = createRunClient({ baseUrl, accessToken, ...(identity !== undefined && { share: acrossTabs({ identity }) }) })
    client.connection.subscribe(() => connections.push(window.tab.connection()))
  },
  follow(run) {
    const entry: Seen = { chunks: [], metadata: null, ended: 0, errors: [] }
    seen[run] = entry
    const controller = new AbortController()
    stops.set(run, controller)
    const { signal } = controller
    const onError = (error: Error): void => void entry.errors.push(String(error))
    client.subscribeRun(run, { onChange: ({ metadata }) => (entry.metadata = metadata), onEnd: () => entry.ended++, onError, signal })
    client.subscribeStream(run, 'log', { onChange: (chunk, index) => entry.chunks.push([index, chunk]), onError, signal })
  },
  stop: (run) => stops.get(run)?.abort(),
  connection() {
    const { status, transport } = client.connection.getSnapshot()
    return `${status} ${transport}`
  },
}
