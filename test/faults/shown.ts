// What a page showed over time, and what a stream really says.
import type { Json } from 'runfeed'
import type { Page } from 'playwright'
import { framesOf } from '../support/frames.ts'

interface Statuses {
  readonly import: string[]
  readonly text: string[]
}

declare global {
  interface Window {
    /** Every status that the badges of the newest import and of the text showed, in order. */
    statuses: Statuses
  }
}

/** From now on. */
export async function noteStatuses(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.statuses = { import: [], text: [] }
    const note = (shown: string[], within: string): void => {
      const status = document.querySelector(`${within} .rf-badge`)?.getAttribute('data-status')
      if (status && status !== shown.at(-1)) shown.push(status)
    }
    const look = (): void => {
      note(window.statuses.import, 'article')
      note(window.statuses.text, 'aside')
    }
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-status'] })
    look()
  })
}

export const statusesOf = async (page: Page): Promise<Statuses> => await page.evaluate(() => window.statuses)

/** All chunks of a stream that has ended, read apart from our client. */
export async function streamOf(url: string, run: string, stream: string): Promise<readonly Json[]> {
  const chunks: Json[] = []
  for await (const frame of framesOf(await fetch(`${url}/v1/runs/${run}/streams/${stream}`))) if (frame.event === 'chunks') chunks.push(...frame.data.chunks)
  return chunks
}
