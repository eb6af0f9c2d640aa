// A data folder may be a folder of somebody's, with files in it.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openRowTable } from '../../../demo/csv/row-table.ts'
import { openDataFolder } from '../../../demo/serve/data-folder.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'runfeed-data-'))
  onTestFinished(async () => await rm(path, { recursive: true }))
  return path
}

async function ignoredIn(path: string): Promise<string> {
  await openDataFolder(path, true).engine.close()
  return await readFile(join(path, '.gitignore'), 'utf8')
}

test('the folder keeps itself out of git, and a .gitignore that was there stays as it was', async () => {
  expect(await ignoredIn(await folder())).toBe('*\n')
  const own = await folder()
  await writeFile(join(own, '.gitignore'), 'node_modules\n')
  expect(await ignoredIn(own)).toBe('node_modules\n')
})

test('an upload that was not whole when its server ended is deleted, and no other', async () => {
  const path = await folder()
  await mkdir(join(path, 'uploads'))
  for (const name of ['whole.csv', 'half.csv.part']) await writeFile(join(path, 'uploads', name), 'a\n')
  await openDataFolder(path, true).engine.close()
  expect(await readdir(join(path, 'uploads'))).toEqual(['whole.csv'])
})

test.skipIf(process.platform !== 'linux')('a folder that nobody can make is refused', () => {
  // Node's own way to make one with those above it never ends there
  expect(() => openDataFolder('/proc/runfeed/data', true)).toThrow('ENOENT')
})

test('a table of rows that is no database is refused by its name', async () => {
  const file = join(await folder(), 'demo.db')
  await writeFile(file, 'this is no database, and long enough to be taken for the header of one, which has a hundred bytes or more in it')
  expect(() => openRowTable(file)).toThrow(`${file} cannot be used for rows: file is not a database`)
})
