// How many tokens a second `metadata.stream` takes into the record.
import { metadata } from 'runfeed/task'
import type { Row } from '../row.ts'
import type { TaskBench } from './in-task.ts'
import { inTurns, median } from './measure.ts'

const ROUNDS = 5
const TOKENS = 100_000
const token = (n: number): string => `token ${n} `.padEnd(20, 'x')

export async function tokens(bench: TaskBench): Promise<readonly Row[]> {
  let round = 0
  const { stream } = await inTurns(ROUNDS, {
    stream: async () => {
      const key = `tokens-${round++}`
      return await bench.run(async () => {
        const from = performance.now()
        let last: unknown
        // what comes back is what is in the record
        for await (const one of await metadata.stream(key, source())) last = one
        const seconds = (performance.now() - from) / 1000
        if (last !== token(TOKENS - 1)) throw new Error(`the last token was ${String(last)}`)
        return TOKENS / seconds
      })
    },
  })
  return [
    {
      name: 'metadata.stream() to the record, and read back from it, tokens of 20 bytes',
      value: median(stream),
      unit: 'tokens/s',
      limit: { least: 50_000 },
      raw: { least: Math.min(...stream), most: Math.max(...stream) },
    },
  ]
}

async function* source(): AsyncGenerator<string> {
  for (let n = 0; n < TOKENS; n++) yield token(n)
}
