// One call's work on the storage, and what must wait until that work is durable: wakes and leases. Calls that share a transaction share a
// turn, so each sees what those before it did.
import { NotFoundError } from '../protocol/errors.ts'
import { topics } from '../protocol/want.ts'
import type { Alarm } from './alarm.ts'
import type { Bell } from './bell.ts'
import type { Leases } from './leases.ts'
import { dueAt } from './plan.ts'
import type { EngineSettings } from './settings.ts'
import { isLive, type RunState, type Step } from './state.ts'
import type { Membership, Storage } from './storage.ts'

export interface Desk {
  readonly storage: Storage
  readonly settings: EngineSettings
  readonly bell: Bell
  readonly leases: Leases
  readonly alarm: Alarm
}

export class Turn {
  readonly storage: Storage
  readonly settings: EngineSettings
  readonly leases: Leases
  readonly alarm: Alarm
  readonly #bell: Bell
  readonly #wakes = new Set<string>()
  /** Leases that are taken, and dropped, when this turn is durable; those after it in the turn see them already. */
  readonly #holders = new Map<string, string | null>()
  readonly #after: (() => void)[] = []

  constructor(desk: Desk) {
    this.storage = desk.storage
    this.settings = desk.settings
    this.leases = desk.leases
    this.alarm = desk.alarm
    this.#bell = desk.bell
  }

  get now(): number {
    return this.settings.now()
  }

  /** @throws NotFoundError */
  load(run: string): RunState {
    const state = this.storage.load(run)
    if (!state) throw new NotFoundError(run)
    return state
  }

  insert(state: RunState): void {
    this.storage.insert(state)
    this.#watch(state)
    this.wakeMembers(state.run)
    if (state.run.status === 'QUEUED') this.wakeQueue(state.run)
  }

  save(before: RunState, { state, entry }: Step): RunState {
    this.storage.save(state, entry)
    const { id } = state.run
    this.wake(topics.run(id))
    if (state.run.status !== before.run.status) this.#watch(state)
    if (state.run.tags !== before.run.tags) this.wakeMembers(before.run)
    if (state.run.tags !== before.run.tags || state.run.status !== before.run.status || state.run.finishedAt !== before.run.finishedAt)
      this.wakeMembers(state.run)
    if (isLive(before.run) && !isLive(state.run)) {
      this.drop(id)
      this.after(() => {
        this.alarm.set((state.run.finishedAt ?? 0) + this.settings.retentionMs)
        // asked now and not before: readers may have come meanwhile
        for (const topic of this.#bell.streamTopics(id)) this.wake(topic)
      })
      this.wake(topics.control(id))
      // whether they are settled may have changed
      for (let parent = state.run.parentId; parent !== null; parent = this.storage.load(parent)?.run.parentId ?? null) this.wake(topics.run(parent))
    }
    return state
  }

  #watch({ run, plan }: RunState): void {
    const due = dueAt(run, plan)
    if (due !== null) this.after(() => this.alarm.set(due))
  }

  /** `worker` executes the run from now on. */
  take(run: string, worker: string): void {
    this.#holders.set(run, worker)
  }
  drop(run: string): void {
    this.#holders.set(run, null)
  }
  isHeldBy(run: string, worker: string): boolean {
    const holder = this.#holders.get(run)
    return holder === undefined ? this.leases.isHeldBy(run, worker) : holder === worker
  }

  /** Whoever follows which runs there are of a task, with a tag, below a parent. */
  wakeMembers({ namespace, task, tags, parentId }: Membership): void {
    this.#wakeAll(namespace, topics.members('task', task))
    for (const tag of tags) this.#wakeAll(namespace, topics.members('tag', tag))
    if (parentId !== null) this.#wakeAll(namespace, topics.members('parent', parentId))
  }

  /** Whoever takes runs. */
  wakeQueue({ namespace }: Pick<Membership, 'namespace'>): void {
    this.#wakeAll(namespace, topics.queue)
  }

  /** Those who listen to every namespace, and those who listen to this one. */
  #wakeAll(namespace: string, topic: string): void {
    this.wake(topic)
    this.wake(topics.within(namespace, topic))
  }

  wake(topic: string): void {
    this.#wakes.add(topic)
  }

  after(effect: () => void): void {
    this.#after.push(effect)
  }

  /** What was done is durable. Before the next turn: that one is to see it. */
  settle(): void {
    for (const [run, worker] of this.#holders)
      if (worker === null) this.leases.drop(run)
      else this.leases.take(run, worker)
    for (const effect of this.#after) effect()
  }
  /** After `settle`. */
  ring(): void {
    this.#bell.ring(this.#wakes)
  }
}
