// What the code of a task file does beside its runs, and what the commands that load it say of it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Command, folder, jsonLines, run, serve, start } from '../cli/command.ts'

const STRAY = 'test/cli/tasks/stray.mjs'

describe('a rejected promise that nobody handles is said with its run, and nothing ends:', () => {
  const startWorker = async (): Promise<{ readonly url: string; readonly command: Command }> => {
    const { url } = await serve()
    const command = start(['worker', '--tasks', STRAY, '--url', url])
    await command.said(/takes runs of stray/)
    return { url, command }
  }
  const startServer = async (): Promise<{ readonly url: string; readonly command: Command }> => {
    const command = await serve(['--tasks', STRAY])
    return { url: command.url, command }
  }

  test.each([
    ['runfeed serve', startServer],
    ['runfeed worker', startWorker],
  ])('%s', async (_name, begin) => {
    const { url, command } = await begin()
    // the second one too: the first has ended nothing
    for (const _time of [1, 2]) {
      const { code, stdout } = await run(['trigger', 'stray', '--wait', '--json', '--url', url])
      const [{ id, output } = {}] = jsonLines(stdout)
      expect([code, output]).toEqual([0, 'went on'])
      await command.said(new RegExp(`^runfeed: stray ${String(id)}: a promise was rejected and nobody handles it: Error: left behind\n +at `, 'm'))
    }
    command.process.kill('SIGTERM')
    expect((await command.ended).code).toBe(0)
  })
})

describe('a file that waits for ever while it is loaded is named, with 2:', () => {
  const STUCK = 'await new Promise(() => {})\n'
  test.each<[string, readonly string[], string]>([
    ['runfeed serve', ['serve', '--memory', '--port', '0'], STUCK],
    ['runfeed worker', ['worker'], STUCK],
    ['one that imports such a file', ['serve', '--memory', '--port', '0'], "import './stuck.ts'\n"],
  ])('%s', async (_name, args, text) => {
    const at = await folder()
    await writeFile(join(at, 'stuck.ts'), STUCK)
    const file = join(at, 'tasks.ts')
    await writeFile(file, text)
    const said = `${file} did not finish loading: a top-level await in it, or in what it imports, waits for what never comes`
    expect(await run([...args, '--tasks', file])).toEqual({ code: 2, stdout: '', stderr: `✗ ${said}\n` })
    expect(jsonLines((await run([...args, '--tasks', file, '--json'])).stderr)).toEqual([{ error: { type: 'usage', message: said } }])
  })
})
