// An engine whose commits are counted, whoever makes them: this process's own worker, or a request.
import type { RunEngine } from '../protocol/engine.ts'
import { instead } from '../task/with-task-settings.ts'
import type { Metrics } from './metrics.ts'

export function counted(engine: RunEngine, metrics: Metrics): RunEngine {
  const commit: RunEngine['record']['commit'] = async (wanted) => {
    const answer = await engine.record.commit(wanted)
    metrics.commit(answer.refused.length)
    return answer
  }
  return instead(engine, { record: instead(engine.record, { commit }) })
}
