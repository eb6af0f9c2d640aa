// What the app is made of while it runs: `next start`, and the run server beside it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { nextDemo } from '../../scripts/next-demo.ts'

export interface Running {
  /** @param signal - SIGKILL for a crash. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}
export type Environment = Readonly<Record<string, string>>

/** Next wants a port by number, and the run server the page's address before the page is served. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

/** @param ready - what it prints once it answers. @throws Error when it ends before. */
async function start(folder: string, env: Environment, ready: string, file: string, ...args: readonly string[]): Promise<Running> {
  const child: ChildProcess = spawn(process.execPath, [join(nextDemo, 'node_modules', file), ...args], {
    cwd: folder,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout as NodeJS.ReadableStream)
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => line.includes(ready) && resolve())
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} before it was ready`)))
  })
  return {
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      await once(child, 'exit')
    },
  }
}

export const startNext = (folder: string, port: number, env: Environment): Promise<Running> =>
  start(folder, env, 'Ready', 'next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', String(port))

export function startRuns(data: string, port: number, origin: string, env: Environment): Promise<Running> {
  const args = ['--tasks', 'tasks/digest.ts', '--data', data, '--port', String(port), '--allow-origin', origin]
  return start(nextDemo, env, '"url"', 'runfeed/cli/main.js', 'serve', '--json', ...args)
}
