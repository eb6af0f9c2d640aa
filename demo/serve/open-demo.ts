// Puts the demo's server together: a data folder, the tasks, the routes. It listens nowhere yet.
import { realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRunServer, type RunServer } from 'runfeed/server'
import { openRowTable } from '../csv/row-table.ts'
import { csvImportTask } from '../tasks/csv-import.ts'
import { csvRowTask } from '../tasks/csv-row.ts'
import { streamTextTask } from '../tasks/stream-text.ts'
import { ADDRESS, openDataFolder, ROWS, UPLOADS } from './data-folder.ts'
import { importsOf } from './imports.ts'
import type { DemoOptions } from './options.ts'
import type { PageFile } from './page.ts'
import { demoRoutes, SAMPLE } from './routes.ts'

const SAMPLE_FILE = fileURLToPath(new URL('../../node_modules/vega-datasets/data/airports.csv', import.meta.url))
const CONCURRENCY = 24

export interface Demo {
  /** The data folder that it took. */
  readonly path: string
  readonly server: RunServer
  startSample(): Promise<void>
  /** Notes where it listens, for terminals that look for whoever has the folder. */
  noteAddress(url: string): void
  close(): Promise<void>
}

/** @throws RunfeedError `data_file` when the data folder was asked for by name and is in use */
export function openDemo(options: DemoOptions, page: ReadonlyMap<string, PageFile>): Demo {
  const { path, engine } = openDataFolder(options.data, options.isDataFixed)
  const rows = openRowTable(join(path, ROWS))
  const uploads = join(path, UPLOADS)
  const rowTask = csvRowTask(rows, options.rowDelay)
  const importTask = csvImportTask(rowTask, (file) => (file === 'sample' ? SAMPLE_FILE : join(uploads, file)))
  const imports = importsOf(engine, importTask)
  const server = createRunServer({
    engine,
    tasks: [importTask, rowTask, streamTextTask()],
    concurrency: CONCURRENCY,
    ...(options.heartbeat !== undefined && { heartbeat: options.heartbeat }),
    fallback: demoRoutes({ page, uploads, imports, data: realpathSync(path) }),
  })
  return {
    path,
    server,
    startSample: async () => void (await imports.begin(SAMPLE)),
    noteAddress: (url) => writeFileSync(join(path, ADDRESS), url),
    close: async () => {
      rmSync(join(path, ADDRESS), { force: true })
      await server.close()
      rows.close()
    },
  }
}
