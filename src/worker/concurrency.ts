// How many runs execute now, by task and concurrency key: what the queue is told with every claim.
import type { Claim, ClaimRequest } from '../protocol/engine.ts'
import type { TaskDefinition } from '../task/task-definition.ts'

type Limits = { [task: string]: NonNullable<ClaimRequest['limits']>[string] }

export class Concurrency {
  readonly #executing = new Map<string, Map<string, number>>()

  count({ run: { task }, concurrencyKey }: Claim, by: 1 | -1): void {
    let keys = this.#executing.get(task)
    if (!keys) this.#executing.set(task, (keys = new Map()))
    const now = (keys.get(concurrencyKey) ?? 0) + by
    if (now > 0) keys.set(concurrencyKey, now)
    // keys are users' ids, say: one that is done is not remembered
    else keys.delete(concurrencyKey)
  }

  limits(definitions: Iterable<TaskDefinition>): Limits {
    const limits: Limits = {}
    for (const { id, settings } of definitions) {
      if (settings.concurrencyLimit === undefined) continue
      limits[id] = { limit: settings.concurrencyLimit, executing: Object.fromEntries(this.#executing.get(id) ?? []) }
    }
    return limits
  }
}
