// `npm run demo`: a server with three tasks, and the page that shows them.
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRunServer, type RunServer } from 'runfeed/server'
import { openRowTable } from './csv/row-table.ts'
import { openDataFolder } from './serve/data-folder.ts'
import { HELP, type DemoOptions, readOptions } from './serve/options.ts'
import { loadPage } from './serve/page.ts'
import { demoRoutes, SAMPLE } from './serve/routes.ts'
import { terminal } from './serve/terminal.ts'
import { csvImportTask } from './tasks/csv-import.ts'
import { csvRowTask } from './tasks/csv-row.ts'
import { streamTextTask } from './tasks/stream-text.ts'

const SAMPLE_FILE = fileURLToPath(new URL('../node_modules/vega-datasets/data/airports.csv', import.meta.url))
const CONCURRENCY = 24
const HOST = '127.0.0.1'
/** Ports after the wanted one that are tried. */
const MORE_PORTS = 100
/** A server that does not close by itself is left behind. */
const CLOSE_WITHIN_MS = 1500

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(HELP)
    return
  }
  const page = await loadPage(terminal.building)
  const { path, engine } = openDataFolder(resolve(options.data), options.isDataFixed)
  const rows = openRowTable(join(path, 'demo.db'))
  const uploads = join(path, 'uploads')
  const rowTask = csvRowTask(rows, options.rowDelay)
  const importTask = csvImportTask(rowTask, (file) => (file === 'sample' ? SAMPLE_FILE : join(uploads, file)))
  const server = createRunServer({
    engine,
    tasks: [importTask, rowTask, streamTextTask()],
    concurrency: CONCURRENCY,
    ...(options.heartbeat !== undefined && { heartbeat: options.heartbeat }),
    fallback: demoRoutes({ page, uploads, importTask }),
  })
  stopOnSignal(server, () => rows.close())
  const url = await listen(server, options)
  if (options.sample) await importTask.trigger(SAMPLE)
  terminal.started({ url, data: relative(process.cwd(), path) || '.', isSampleRunning: options.sample })
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

function stopOnSignal(server: RunServer, closed: () => void): void {
  let isStopping = false
  const stop = (): void => {
    // npm passes the terminal's Ctrl+C on, so that it comes twice
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(0), CLOSE_WITHIN_MS).unref()
    server.close().then(
      () => {
        closed()
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
