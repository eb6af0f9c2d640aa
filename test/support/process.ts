// A script of a test in a process of its own, which says one line of JSON at a time.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface Script {
  readonly process: ChildProcess
  /** The next line that it says. @throws what it said on its way out, where it ended without one. */
  line<T>(): Promise<T>
  /** Resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
}

/** @param url - of a .ts file. It ends with the test. */
export function startScript(url: URL, env: { readonly [name: string]: string } = {}, args: readonly string[] = []): Script {
  const child = spawn(process.execPath, ['--conditions=@runfeed/source', url.pathname, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await ended
  }
  onTestFinished(async () => await kill('SIGKILL'))
  return {
    process: child,
    async line<T>() {
      const { done, value } = await lines.next()
      if (done) throw new Error(`${url.pathname} ended: ${errors}`)
      return JSON.parse(value) as T
    },
    kill,
  }
}
