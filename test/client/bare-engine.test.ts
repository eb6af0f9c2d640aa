// The client where there is nothing of a browser and nothing of Node: an engine for JavaScript with timers, an AbortController and a `fetch` that
// gives a body only as a whole, such as React Native's.
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import { build, type Rolldown } from 'vite'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

async function bundle(): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@runfeed/source'] },
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL('../../src/exports/index.ts', import.meta.url)), formats: ['iife'], name: 'runfeed' },
    },
  })) as readonly Rolldown.RolldownOutput[]
  return built.flatMap(({ output }) => output).flatMap((file) => (file.type === 'chunk' ? [file.code] : []))[0] as string
}

/** As React Native's: what is left is all that there is. */
async function wholeBodies(url: string, init: RequestInit): Promise<object> {
  const answer = await fetch(url, init)
  const { ok, status, headers } = answer
  return { ok, status, headers, text: () => answer.text(), json: async () => (await answer.json()) as unknown }
}

const SCRIPT = `
  const { createRunClient, poll } = runfeed
  const client = createRunClient({ baseUrl, fetch: wholeBodies, poll: poll({ interval: 50 }) })
  const work = async () => {
    const { id } = await client.runs.trigger('speak', { letter: 'ä' })
    client.subscribeRuns({ task: 'speak' }, { onChange: (runs) => (seen.listed = runs.length) })
    for await (const chunk of client.stream(id, 'log')) seen.chunks.push(chunk)
    for await (const run of client.run(id)) seen.status = run.status
    client.close()
    return runfeed.dehydrate(client)
  }
  work()
`

test('follows runs, streams and lists with timers, AbortController and fetch alone', async () => {
  const half = gate()
  const speak = task({
    id: 'speak',
    run: async ({ letter }: { letter: string }) => {
      async function* chunks(): AsyncGenerator<string> {
        yield `${letter}1`
        await half.opened
        yield `${letter}2`
      }
      await metadata.stream('log', chunks())
    },
  })
  const server = await startServer({ tasks: [speak] })
  const seen = { chunks: [] as string[], listed: 0, status: '' }
  const context = createContext({ baseUrl: server.url, wholeBodies, seen, setTimeout, clearTimeout, queueMicrotask, AbortController })
  // what there is not
  expect(runInContext('[typeof TextDecoder, typeof ReadableStream, typeof URL, typeof document, typeof process].join()', context)).toBe(
    'undefined,undefined,undefined,undefined,undefined',
  )
  runInContext(await bundle(), context)
  const over = runInContext(SCRIPT, context) as Promise<string>
  onTestFinished(() => half.open())
  await vi.waitFor(() => expect(seen).toMatchObject({ chunks: ['ä1'], listed: 1 }), 20_000)
  half.open()
  expect(await over).toContain('"ä2"')
  expect(seen).toEqual({ chunks: ['ä1', 'ä2'], listed: 1, status: 'COMPLETED' })
})
