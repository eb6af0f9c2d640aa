// What a page that shows the last 1,000 parts of a stream holds after 1,000,000 of them: the heap of a real Chromium, garbage left out.
import { setImmediate, setTimeout } from 'node:timers/promises'
import { type CDPSession, chromium } from 'playwright'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { chromium as ourChromium } from '../../scripts/chromium.ts'
import { buildPage } from '../page.ts'
import type { Row } from '../row.ts'
import type { ChunksPage } from './page/main.tsx'

const CHUNKS = 1_000_000
const MAX_PARTS = 1_000
/** So many are there before the heap is measured first: what the page needs anyway. */
const FIRST = 1_000
const BURST = 500
const MB = 1024 * 1024

const chunkAt = (n: number): string => `chunk ${n} of a text that is about as long as a sentence`

export async function chunks(): Promise<readonly Row[]> {
  let goOn = (): void => {}
  const measured = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const speaks = task({
    id: 'speaks',
    run: async () => {
      await metadata.stream(
        'log',
        (async function* () {
          for (let n = 0; n < CHUNKS; n++) {
            if (n === FIRST) await measured
            // the browser is asked from this process as well
            if (n % BURST === 0) await setImmediate()
            yield chunkAt(n)
          }
        })(),
      )
    },
  })
  const page = await buildPage(`${import.meta.dirname}/page`)
  const server = createRunServer({ engine: memoryEngine(), tasks: [speaks], fallback: page })
  const { url } = await server.listen()
  const browser = await chromium.launch(await ourChromium())
  try {
    const { id } = await speaks.trigger(null)
    const tab = await browser.newPage()
    const session = await tab.context().newCDPSession(tab)
    const state = async (): Promise<ChunksPage | undefined> => await tab.evaluate(() => window.chunks)
    await tab.goto(`${url}/?run=${id}&parts=${MAX_PARTS}`)
    while ((await state())?.length !== FIRST) await setTimeout(100)
    const before = await heapOf(session)
    const started = performance.now()
    goOn()
    let most = before
    while ((await state())?.state === 'open') {
      most = Math.max(most, await used(session))
      await setTimeout(100)
    }
    const took = performance.now() - started
    const after = await heapOf(session)
    const end = await state()
    if (end?.length !== CHUNKS || end.last !== chunkAt(CHUNKS - 1))
      throw new Error(`the page has ${end?.length} chunks, the last of them "${String(end?.last)}"`)
    if (!end.isTruncated || end.kept !== MAX_PARTS)
      throw new Error(`the page kept ${end.kept} chunks, and ${end.isTruncated ? 'says' : 'does not say'} that some are missing`)
    return [
      {
        name: `growth of a page’s heap over ${CHUNKS.toLocaleString('en')} chunks of which it shows ${MAX_PARTS.toLocaleString('en')}`,
        value: after - before,
        unit: 'MB',
        limit: { most: 20 },
        raw: {
          'before (MB)': before,
          'after (MB)': after,
          'with garbage, most (MB)': most,
          'took (ms)': took,
          'said that some are missing': String(end.isTruncated),
        },
      },
    ]
  } finally {
    await browser.close()
    await server.close()
  }
}

async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  return await used(session)
}
const used = async (session: CDPSession): Promise<number> => (await session.send('Runtime.getHeapUsage')).usedSize / MB
