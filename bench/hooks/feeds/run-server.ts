// Ours: the reference server over a record in memory, as anybody would use it. It gathers what a run says within 50 ms.
import { createRunServer, memoryEngine } from 'runfeed/server'
import type { JsonObject } from '../../../src/protocol/json.ts'
import { metadataAt, tokensFrom } from '../script.ts'
import type { OpenFeed } from './feed.ts'

const ATTEMPT = 1

export const runServer: OpenFeed = async (scene, ids) => {
  const engine = memoryEngine()
  const server = createRunServer({ engine })
  await engine.record.create(ids.map((id, run) => ({ id, task: 'import', payload: null, metadata: metadataAt(run, 0) as unknown as JsonObject })))
  await engine.queue.claim({ worker: 'bench', tasks: ['import'], max: ids.length })
  const [first] = ids as [string]
  if (scene === 'stream') await engine.record.commit({ run: first, attempt: ATTEMPT, streams: { text: { state: 'open' } } })
  return {
    answer: (request, response) => server.handler(request, response),
    async send(from, to) {
      if (scene === 'stream') await engine.chunks.append(first, 'text', tokensFrom(from, to), { by: first, attempt: ATTEMPT })
      else {
        const commits = Array.from({ length: to - from }, (_, at) =>
          engine.record.commit({ run: ids[(from + at) % ids.length] as string, operations: [{ op: 'set', key: 'done', value: from + at }] }),
        )
        await Promise.all(commits)
      }
    },
    close: () => server.close(),
  }
}
