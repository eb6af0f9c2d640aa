// `npm run demo`: a server with three tasks, and the page that shows them; or, with --file, one import, watched in the terminal.
import { setFlagsFromString } from 'node:v8'
import type { RunServer } from 'runfeed/server'
import { importFile } from './import/import-file.ts'
import { emptyDataFolder } from './serve/fresh-folder.ts'
import { type Demo, openDemo } from './serve/open-demo.ts'
import { type DemoOptions, HELP, MORE_PORTS, readOptions } from './serve/options.ts'
import { loadPage } from './serve/page.ts'
import { shownPath } from './serve/start-folder.ts'
import { terminal } from './serve/terminal.ts'

const HOST = '127.0.0.1'
/** A server that does not close by itself is left behind. */
const CLOSE_WITHIN_MS = 1500

// of 20,000 runs nearly all is garbage soon; by itself V8 lets 70 MB of it gather before it looks (npm run bench -- rss)
setFlagsFromString('--optimize-for-size')

// a pipe whose reader has gone is no reason to stop what is at work; a disk that is full is
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  terminal.failed(`the output could not be written: ${error.message}`)
  process.exit(1)
})
process.stderr.on('error', () => {})

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(HELP)
    return
  }
  if (options.file !== undefined) process.exit(await importFile(options.file, options))
  if (options.fresh) terminal.deleted(shownPath(options.data), await emptyDataFolder(options.data))
  const demo = openDemo(options, await loadPage(terminal.building))
  stopOnSignal(demo)
  const url = await listen(demo.server, options)
  demo.noteAddress(url)
  if (options.sample) await demo.startSample()
  terminal.started({ url, data: shownPath(demo.path), isSampleRunning: options.sample })
}

async function listen(server: RunServer, { port, isPortFixed }: DemoOptions): Promise<string> {
  for (let more = 0; ; more++) {
    try {
      return (await server.listen({ port: port === 0 ? 0 : port + more, host: HOST })).url
    } catch (thrown) {
      const isTaken = thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE'
      if (isTaken && isPortFixed) throw new Error(`port ${port} is in use; name another one, or none`, { cause: thrown })
      if (!isTaken || more === MORE_PORTS) throw thrown
    }
  }
}

function stopOnSignal(demo: Demo): void {
  let isStopping = false
  const stop = (): void => {
    // npm passes the terminal's Ctrl+C on, so that it comes twice
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(0), CLOSE_WITHIN_MS).unref()
    demo.close().then(
      () => {
        terminal.stopping()
        process.exit(0)
      },
      (thrown: unknown) => {
        terminal.failed(thrown instanceof Error ? thrown.message : String(thrown))
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

try {
  await main()
} catch (thrown) {
  terminal.failed(thrown instanceof Error ? thrown.message : String(thrown))
  process.exit(1)
}
