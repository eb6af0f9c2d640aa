// The folder that one demo keeps everything in. The engine's file lock says whether it is taken; a second demo takes a folder beside it.
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RunfeedError } from 'runfeed'
import { type RunEngine, sqliteEngine } from 'runfeed/server'

export interface DataFolder {
  readonly path: string
  readonly engine: RunEngine
}

/** What is in it: the engine's runs, the demo's rows, the files. */
export const RECORD = 'runs.db'
export const ROWS = 'demo.db'
export const UPLOADS = 'uploads'
/** What the name of an upload ends with that is not whole. */
export const PART = '.part'
/** Where the demo that has the folder listens. It may be left over from one that was killed: ask there before it is believed. */
export const ADDRESS = 'address'

const MOST = 20
/** Room for a batch of rows. Those that have ended need none: the largest import would fill the default 64 MB with them. */
const CACHE_BYTES = 4 * 1024 * 1024

/** @throws RunfeedError `data_file` when the folder was asked for by name and is in use */
export function openDataFolder(path: string, isFixed: boolean): DataFolder {
  for (let number = 1; ; number++) {
    const folder = number === 1 ? path : join(path, String(number))
    try {
      return open(folder)
    } catch (thrown) {
      const isTaken = thrown instanceof RunfeedError && thrown.type === 'data_file'
      if (!isTaken || isFixed || number === MOST) throw thrown
    }
  }
}

function open(path: string): DataFolder {
  makeFolder(join(path, UPLOADS))
  keepOutOfGit(path)
  const engine = sqliteEngine({ file: join(path, RECORD), cacheBytes: CACHE_BYTES })
  // nobody else is receiving them: the engine has the folder
  for (const name of globSync(`*${PART}`, { cwd: join(path, UPLOADS) })) rmSync(join(path, UPLOADS, name), { force: true })
  return { path, engine }
}

/** With those above it. Not by `recursive`, which tries for ever in /proc, where nobody can make a folder. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (thrown) {
    // another demo that begins now may have been quicker
    if (!existsSync(path)) throw thrown
  }
}

/** Wherever it is; but a folder that somebody named may have a file of its own for that. */
function keepOutOfGit(path: string): void {
  try {
    writeFileSync(join(path, '.gitignore'), '*\n', { flag: 'wx' })
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown
  }
}
