// `npm run demo -- --file` as a process of its own, and what it says.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Heard, heard } from '../support/heard.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export function importInTerminal(file: string, options: readonly string[] = []): Heard {
  return heard(spawn(process.execPath, ['--conditions=@runfeed/source', 'demo/main.ts', '--file', file, ...options], settings))
}

/** The same from another folder. */
export const importFrom = (folder: string, file: string, options: readonly string[]): Heard =>
  heard(spawn(process.execPath, ['--conditions=@runfeed/source', join(ROOT, 'demo/main.ts'), '--file', file, ...options], { ...settings, cwd: folder }))

/** The same, with its output into a file that is open. */
export function importInto(output: number, file: string, options: readonly string[]): Heard {
  const words = ['--conditions=@runfeed/source', 'demo/main.ts', '--file', file, ...options]
  return heard(spawn(process.execPath, words, { ...settings, stdio: ['ignore', output, 'pipe'] }))
}

/** The same as somebody whom file permissions hold: root loses the right to read everything, which util-linux' `setpriv` takes away. */
export function importUnprivileged(file: string, options: readonly string[] = []): Heard {
  const words = [process.execPath, '--conditions=@runfeed/source', 'demo/main.ts', '--file', file, ...options]
  const all = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', ...words] : words
  return heard(spawn(all[0] as string, all.slice(1), settings))
}

/** The same at a terminal of its own, which util-linux' `script` makes. */
export function importAtTerminal(file: string, options: readonly string[] = []): Heard {
  const words = [process.execPath, '--conditions=@runfeed/source', 'demo/main.ts', '--file', file, ...options]
  const command = `stty cols 100 rows 24; exec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`
  return heard(spawn('script', ['-qec', command, '/dev/null'], { ...settings, stdio: ['pipe', 'pipe', 'pipe'] }))
}

const settings = { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] } satisfies Parameters<typeof spawn>[2]
