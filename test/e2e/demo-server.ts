// A real demo server in a process of its own, on a free port, with a data folder that nobody else has.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Building the page takes a few seconds on a slow machine, and much longer on a busy one. */
const START_WITHIN_MS = 50_000

export interface DemoServer {
  readonly url: string
  readonly port: number
  readonly data: string
  /** Resolves when the process has ended. */
  end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<{ readonly code: number | null; readonly signal: string | null }>
}

export interface DemoSettings {
  readonly data: string
  /** `default`: what the demo takes when nobody says. A free one where left out. */
  readonly port?: number | 'default'
  /** ms per row: how long there is to look at an import half-way. */
  readonly rowDelay?: number
  readonly sample?: boolean
  /** ms between two pings of a feed. */
  readonly heartbeat?: number
  /** Begins with an empty data folder. */
  readonly fresh?: boolean
}

export const dataFolder = async (): Promise<string> => await mkdtemp(join(tmpdir(), 'runfeed-e2e-'))
export const removeFolder = async (path: string): Promise<void> => await rm(path, { recursive: true, force: true, maxRetries: 5 })

export async function startDemo({ data, port = 0, rowDelay = 0, sample = false, heartbeat, fresh = false }: DemoSettings): Promise<DemoServer> {
  const options = [
    ...(port === 'default' ? [] : ['--port', String(port)]),
    '--data',
    data,
    '--row-delay',
    String(rowDelay),
    ...(heartbeat === undefined ? [] : ['--heartbeat', String(heartbeat)]),
    ...(fresh ? ['--fresh'] : []),
    sample ? '--sample' : '--no-sample',
  ]
  const child = spawn(process.execPath, ['--conditions=@runfeed/source', 'demo/main.ts', ...options], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await addressOf(child)
  return {
    url,
    port: Number(new URL(url).port),
    data,
    async end(signal) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
      child.kill(signal)
      await ended
      return { code: child.exitCode, signal: child.signalCode }
    },
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  let said = ''
  return await new Promise((resolve, reject) => {
    const late = setTimeout(() => fail('did not start in time'), START_WITHIN_MS)
    const fail = (why: string): void => {
      clearTimeout(late)
      child.kill('SIGKILL')
      reject(new Error(`the demo ${why}; it said:\n${said}`))
    }
    const heard = (chunk: Buffer): void => {
      said += chunk.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
      if (!url) return
      clearTimeout(late)
      resolve(url)
    }
    child.stdout?.on('data', heard)
    child.stderr?.on('data', heard)
    child.once('exit', (code) => fail(`ended with ${code}`))
  })
}
