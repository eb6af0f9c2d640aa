// What workers elsewhere say of their tasks when they ask for runs: given to every run that is made from then on, whoever triggers it. Kept in
// memory: a worker says it with each claim, so a server that starts again soon knows it again.
import type { ClaimRequest, RunEngine } from '../protocol/engine.ts'
import { withSettings } from '../task/task-settings.ts'
import { instead } from '../task/with-task-settings.ts'

type Settings = NonNullable<ClaimRequest['settings']>[string]

/** Whoever asks with ever new names must not fill the memory. */
const MAX_TASKS = 10_000

const nameOf = (namespace: string | undefined, task: string): string => `${namespace ?? 'default'} ${task}`

export function withAskedSettings(engine: RunEngine): RunEngine {
  const known = new Map<string, Settings>()
  const claim: RunEngine['queue']['claim'] = async (request) => {
    for (const [task, settings] of Object.entries(request.settings ?? {})) {
      const name = nameOf(request.namespace, task)
      if (known.has(name) || known.size < MAX_TASKS) known.set(name, settings)
    }
    return await engine.queue.claim(request)
  }
  const create: RunEngine['record']['create'] = async (runs) =>
    await engine.record.create(
      runs.map((run) => {
        const settings = known.get(nameOf(run.namespace, run.task))
        return settings ? withSettings(run, settings) : run
      }),
    )
  return instead(engine, { record: instead(engine.record, { create }), queue: instead(engine.queue, { claim }) })
}
