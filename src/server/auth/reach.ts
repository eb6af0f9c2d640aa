// Which runs a token's scopes reach. A run's task and ancestors never change; its tags do, so nothing that hangs on them is remembered.
import type { RunEngine } from '../../protocol/engine.ts'
import type { RunQuery } from '../../protocol/rest.ts'
import type { Run } from '../../protocol/run.ts'
import type { Rights } from './rights.ts'

export class Reach {
  readonly #engine: RunEngine
  readonly #scopes: ReadonlySet<string>
  readonly #hasTrees: boolean
  /** Runs that were found to be in a tree of the token. */
  readonly #inTree = new Set<string>()

  /** @param engine - the one of the token's namespace. */
  constructor(engine: RunEngine, { scopes }: Rights) {
    this.#engine = engine
    this.#scopes = scopes
    this.#hasTrees = [...scopes].some((scope) => scope.startsWith('read:tree:'))
  }

  has(scope: string): boolean {
    return this.#scopes.has(scope)
  }

  /** Whether the token names the run: to say that it is not there tells nothing that is not known. */
  names(id: string): boolean {
    return this.namesForReading(id) || this.has(`read:history:${id}`)
  }
  namesForReading(id: string): boolean {
    return this.has(`read:runs:${id}`) || this.has(`read:tree:${id}`) || this.has(`cancel:runs:${id}`)
  }

  async reads(run: Run): Promise<boolean> {
    const { id, task, tags } = run
    // asked first, whatever else reaches it: who wrote to it hangs on it
    if (await this.#isInTree(run)) return true
    return this.has(`read:tasks:${task}`) || tags.some((tag) => this.has(`read:tags:${tag}`)) || this.namesForReading(id)
  }

  /** Whether whoever reads `run` may know that `by` wrote to it: a run's writers are itself and its descendants. */
  shows(by: string, run: string): boolean {
    return by === run || this.namesForReading(by) || this.#inTree.has(run)
  }

  /** Whether every run that the query could ever return is reached: one of its conditions must be a scope. */
  async covers({ ids, task, tag, parent }: RunQuery): Promise<boolean> {
    if (task !== undefined && this.has(`read:tasks:${task}`)) return true
    if (tag !== undefined && this.has(`read:tags:${tag}`)) return true
    if (parent !== undefined && (await this.#isTree(parent))) return true
    if (ids === undefined || ids.length === 0) return false
    for (const id of ids) if (!(await this.#readsId(id))) return false
    return true
  }

  /** For good, so not by a tag, which it may lose while the query is followed. One that is not there and is not named is not reached. */
  async #readsId(id: string): Promise<boolean> {
    if (this.namesForReading(id)) return true
    const stored = await this.#engine.record.read(id)
    return stored !== undefined && (this.has(`read:tasks:${stored.run.task}`) || (await this.#isInTree(stored.run)))
  }

  /** Whether the run, with all that descends from it, is in a tree of the token. */
  async #isTree(id: string): Promise<boolean> {
    if (this.has(`read:tree:${id}`)) return true
    const stored = await this.#engine.record.read(id)
    return stored !== undefined && (await this.#isInTree(stored.run))
  }

  async #isInTree(run: Run): Promise<boolean> {
    let current: Run | undefined = this.#hasTrees ? run : undefined
    while (current) {
      if (this.#inTree.has(current.id) || this.has(`read:tree:${current.id}`)) {
        this.#inTree.add(run.id)
        return true
      }
      current = current.parentId === null ? undefined : (await this.#engine.record.read(current.parentId))?.run
    }
    return false
  }
}
