// Which task ids are no typing errors: those that run here, those that a worker elsewhere has asked for, those that the record has runs of.
import type { Access } from './access.ts'
import { notFound } from './http-errors.ts'

/** What workers may add: whoever asks with ever new names must not fill the memory. */
const MAX_ASKED_FOR = 10_000

export class KnownTasks {
  readonly #here: ReadonlySet<string>
  /** With their namespace: one tenant learns nothing of another's tasks. */
  readonly #askedFor = new Set<string>()

  constructor(here: Iterable<string>) {
    this.#here = new Set(here)
  }

  /** A worker asks for runs of these. */
  add({ namespace }: Access, tasks: readonly string[]): void {
    for (const task of tasks) if (this.#askedFor.size < MAX_ASKED_FOR) this.#askedFor.add(nameOf(namespace, task))
  }

  /**
   * A server that runs nothing itself takes a writer's word: its workers may not be up yet.
   * @throws NotFoundError saying what there is
   */
  async check(access: Access, task: string): Promise<void> {
    if (this.#here.has(task) || this.#askedFor.has(nameOf(access.namespace, task))) return
    if (this.#here.size === 0 && mayWrite(access)) return
    // a worker that has not come back since this process started has left runs behind
    const { runs } = await access.engine.record.list({ task, limit: 1 })
    if (runs.length > 0) return
    const here = [...this.#here].map((id) => `"${id}"`).join(', ') || 'none'
    throw notFound(`the task "${task}" (this server runs ${here}, and no worker elsewhere has asked for it)`)
  }
}

/** Neither has a blank. */
const nameOf = (namespace: string | undefined, task: string): string => `${namespace ?? ''} ${task}`

function mayWrite(access: Access): boolean {
  try {
    access.mayWrite()
    return true
  } catch {
    return false
  }
}
