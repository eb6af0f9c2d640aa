// What a server with 10,000 finished and 1,000 running runs weighs: a process of its own, its memory (RSS) as the kernel counts it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Row } from '../row.ts'

const LIMIT_MB = 200

export async function memory(folder: string): Promise<readonly Row[]> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--conditions=@runfeed/source', join(import.meta.dirname, 'memory-child.ts'), join(folder, 'memory.db')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number]>])
  if (code !== 0) throw new Error(`the measured process ended with ${code}`)
  const raw = JSON.parse(said) as { readonly [name: string]: number }
  return [
    {
      name: 'memory (RSS) for 10,000 finished and 1,000 running runs of 2 kB, above that of an empty server',
      value: (raw['with the runs (MB)'] ?? Number.NaN) - (raw['empty (MB)'] ?? 0),
      unit: 'MB',
      limit: { most: LIMIT_MB },
      raw,
    },
  ]
}
