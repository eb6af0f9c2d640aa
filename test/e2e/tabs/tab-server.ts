// A server whose page is the one of these tests, and a task that writes when it is told to.
import { fileURLToPath } from 'node:url'
import { createRunServer, memoryEngine, type RunServerOptions } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { build, type Rolldown } from 'vite'
import { faultProxy } from '../../faults/proxy.ts'

const PAGE = '<!doctype html><meta charset="utf-8"><title>tab</title><script type="module" src="/page.js"></script>'

let scripts: Promise<ReadonlyMap<string, string>> | undefined
/** By path; built once. */
export const pageScripts = (): Promise<ReadonlyMap<string, string>> => (scripts ??= buildScripts())

async function buildScripts(): Promise<ReadonlyMap<string, string>> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@runfeed/source'] },
    build: { write: false, minify: false, lib: { entry: fileURLToPath(new URL('page.ts', import.meta.url)), formats: ['es'] } },
  })) as readonly Rolldown.RolldownOutput[]
  return new Map(
    built.flatMap(({ output }) => output).flatMap((file) => (file.type === 'chunk' ? [[`/${file.isEntry ? 'page.js' : file.fileName}`, file.code]] : [])),
  )
}

export interface TabServer {
  readonly url: string
  /** Triggers a run that waits to be told. @returns its id */
  start(): Promise<string>
  /** The next chunk and version of every run. */
  write(): void
  /** How many chunks each has written. */
  readonly written: number
  finish(): void
  /** Feeds that are open now. */
  feeds(): Promise<number>
  /** Loses every connection. */
  cut(): void
  /** Nothing more arrives on the feeds that are open, and nobody is told. */
  stall(): void
  /** Bytes that the feeds that are open were sent so far. */
  sent(): number
  close(): Promise<void>
}

/** @param secretKey - one of the options' keys, where there are any. */
export async function serveTabs(options: Partial<RunServerOptions> = {}, secretKey?: string): Promise<TabServer> {
  const scripts = await pageScripts()
  const listeners = new Set<() => void>()
  let written = 0
  let isFinished = false
  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const speak = task({
    id: 'speak',
    run: async () => {
      async function* chunks(): AsyncGenerator<number> {
        let said = 0
        while (said < written || !isFinished) {
          if (said < written) {
            metadata.set('n', said)
            yield said++
          } else
            await new Promise<void>((resolve) => {
              const told = (): void => {
                listeners.delete(told)
                resolve()
              }
              listeners.add(told)
            })
        }
      }
      await metadata.stream('log', chunks())
    },
  })
  const server = createRunServer({
    engine: memoryEngine(),
    tasks: [speak],
    heartbeat: 500,
    concurrency: 50,
    ...options,
    fallback: (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/') return new Response(PAGE, { headers: { 'content-type': 'text/html' } })
      const script = scripts.get(pathname)
      return script === undefined ? new Response(null, { status: 404 }) : new Response(script, { headers: { 'content-type': 'text/javascript' } })
    },
  })
  const proxy = await faultProxy((await server.listen()).url, () => ({ kind: 'none' }))
  const { url } = proxy
  const headers = { 'content-type': 'application/json', ...(secretKey !== undefined && { authorization: `Bearer ${secretKey}` }) }
  return {
    url,
    async start() {
      const response = await fetch(`${url}/v1/tasks/speak/trigger`, { method: 'POST', headers, body: '{}' })
      return ((await response.json()) as { id: string }).id
    },
    write() {
      written++
      changed()
    },
    get written() {
      return written
    },
    finish() {
      isFinished = true
      changed()
    },
    async feeds() {
      const text = await (await fetch(`${url}/metrics`, { headers })).text()
      return Number(/^runfeed_feeds_open(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1])
    },
    cut: () => proxy.cutAll(),
    stall: () => void proxy.stall('POST /v1/feed'),
    sent: () => proxy.passed('POST /v1/feed'),
    async close() {
      await proxy.close()
      await server.close()
    },
  }
}
