// What workers elsewhere say of their tasks when they ask for runs: given to every run that is made from then on, whoever triggers it. Kept in
// memory: a worker says it with each claim, so a server that starts again soon knows it again.
import type { ClaimRequest, RunEngine } from '../protocol/engine.ts'
import type { NewRun } from '../protocol/run.ts'
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
  /** A child is where its parent is, which a task here does not say. */
  const namespaceOf = async ({ namespace, parentId }: NewRun): Promise<string | undefined> =>
    namespace ?? (parentId === undefined ? undefined : (await engine.record.read(parentId))?.run.namespace)
  const create: RunEngine['record']['create'] = async (runs) => {
    if (known.size === 0) return await engine.record.create(runs)
    const found = new Map<string | undefined, Promise<string | undefined>>()
    const settled = runs.map(async (run) => {
      const place = JSON.stringify([run.namespace, run.parentId])
      const namespace = found.get(place) ?? namespaceOf(run)
      found.set(place, namespace)
      const settings = known.get(nameOf(await namespace, run.task))
      return settings ? withSettings(run, settings) : run
    })
    return await engine.record.create(await Promise.all(settled))
  }
  return instead(engine, { record: instead(engine.record, { create }), queue: instead(engine.queue, { claim }) })
}
