// One browser and one demo server for all tests of a file.
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll } from 'vitest'
import { launchBrowser, openPage } from './demo-page.ts'
import { dataFolder, type DemoServer, type DemoSettings, removeFolder, startDemo } from './demo-server.ts'

export interface SharedDemo {
  /** There from the first test on. */
  readonly server: DemoServer
  /** @see openPage. The address is the server's, unless something stands before it. */
  open(url?: string, prepare?: (page: Page) => Promise<void>): Promise<Page>
}

/** Call it once, at the top of a file. */
export function sharedDemo(settings: Omit<DemoSettings, 'data'> = {}): SharedDemo {
  let browser: Browser
  let server: DemoServer
  beforeAll(async () => {
    browser = await launchBrowser()
    server = await startDemo({ ...settings, data: await dataFolder() })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.end('SIGTERM')
    if (server) await removeFolder(server.data)
  })
  return {
    get server() {
      return server
    },
    open: async (url = server.url, prepare) => await openPage(browser, url, prepare),
  }
}
