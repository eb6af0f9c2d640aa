// `npm run demo -- --file` as a process of its own, and what it says.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface TerminalClient {
  readonly process: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves when it has said so, on either output. */
  said(what: RegExp): Promise<void>
  readonly ended: Promise<Ended>
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export function importInTerminal(file: string, options: readonly string[] = []): TerminalClient {
  return watched(spawn(process.execPath, ['--conditions=@runfeed/source', 'demo/main.ts', '--file', file, ...options], settings))
}

/** The same as somebody whom file permissions hold: root loses the right to read everything, which util-linux' `setpriv` takes away. */
export function importUnprivileged(file: string, options: readonly string[] = []): TerminalClient {
  const words = [process.execPath, '--conditions=@runfeed/source', 'demo/main.ts', '--file', file, ...options]
  const all = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', ...words] : words
  return watched(spawn(all[0] as string, all.slice(1), settings))
}

/** The same at a terminal of its own, which util-linux' `script` makes. */
export function importAtTerminal(file: string, options: readonly string[] = []): TerminalClient {
  const words = [process.execPath, '--conditions=@runfeed/source', 'demo/main.ts', '--file', file, ...options]
  const command = `stty cols 100 rows 24; exec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`
  return watched(spawn('script', ['-qec', command, '/dev/null'], { ...settings, stdio: ['pipe', 'pipe', 'pipe'] }))
}

const settings = { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] } satisfies Parameters<typeof spawn>[2]

function watched(child: ChildProcess): TerminalClient {
  const text = { out: '', err: '' }
  const listeners = new Set<() => void>()
  child.stdout?.on('data', (chunk: Buffer) => {
    text.out += chunk.toString()
    for (const listener of listeners) listener()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    text.err += chunk.toString()
    for (const listener of listeners) listener()
  })
  // `close`, not `exit`: what it said last may still be on its way
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code: code as number | null, stdout: text.out, stderr: text.err }))
  return {
    process: child,
    stdout: () => text.out,
    stderr: () => text.err,
    said: async (what) =>
      await new Promise((resolve, reject) => {
        const look = (): void => {
          if (!what.test(text.out + text.err)) return
          listeners.delete(look)
          resolve()
        }
        listeners.add(look)
        look()
        void ended.then(() => reject(new Error(`it ended without saying ${what}:\n${text.out}${text.err}`)))
      }),
    ended,
  }
}
