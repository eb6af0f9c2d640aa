// The lock manager that the tabs of one browser share, as the specification of Web Locks says it: a queue for each name, stealing, giving up.
import { outside, type Tab } from './tab.ts'
import type { VirtualClock } from './virtual-clock.ts'

interface Asked {
  readonly tab: Tab
  readonly name: string
  isGivenUp: boolean
  /** Its code has it. */
  isGranted: boolean
  grant(): void
  reject(thrown: unknown): void
}

export class TabLocks {
  readonly #clock: VirtualClock
  readonly #random: () => number
  readonly #held = new Map<string, Asked>()
  readonly #queues = new Map<string, Asked[]>()
  /** What a tab says arrives in the order in which it was said. */
  readonly #said = new Map<Tab, (() => void)[]>()

  constructor(clock: VirtualClock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  /** Who has something of them, or waits for it. */
  get tabs(): readonly Tab[] {
    return [...this.#held.values(), ...[...this.#queues.values()].flat()].map(({ tab }) => tab)
  }

  /** Who does something that takes one. */
  get holders(): readonly Tab[] {
    return [...this.#held.values()].filter(({ isGranted }) => isGranted).map(({ tab }) => tab)
  }

  of(tab: Tab): Pick<LockManager, 'query'> & { request(name: string, options: LockOptions, held: () => Promise<void>): Promise<void> } {
    return {
      request: (name, { signal, steal = false }, held) =>
        new Promise<void>((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason as Error)
          const asked: Asked = { tab, name, isGivenUp: false, isGranted: false, reject, grant: () => {} }
          asked.grant = () => {
            const release = (): void => this.#tell(tab, () => this.#release(asked))
            if (asked.isGivenUp) return release()
            asked.isGranted = true
            void Promise.resolve().then(held).then(resolve, reject).finally(release)
          }
          signal?.addEventListener('abort', () => {
            if (asked.isGranted) return
            asked.isGivenUp = true
            reject(signal.reason as Error)
            this.#tell(tab, () => this.#leaveQueue(asked))
          })
          this.#tell(tab, () => this.#ask(asked, steal))
        }),
      query: () =>
        new Promise((resolve) =>
          this.#tell(tab, () => {
            const held = [...this.#held.values()].map(({ name }) => ({ name, mode: 'exclusive' as const, clientId: '' }))
            tab.task('locks', () => resolve({ held, pending: [] }))
          }),
        ),
    }
  }

  /** The tab is no more. */
  drop(tab: Tab): void {
    this.#said.delete(tab)
    for (const [name, queue] of this.#queues)
      this.#queues.set(
        name,
        queue.filter((asked) => asked.tab !== tab),
      )
    for (const asked of this.#held.values()) if (asked.tab === tab) this.#release(asked)
  }

  #ask(asked: Asked, steal: boolean): void {
    const { name } = asked
    const queue = this.#queues.get(name) ?? []
    this.#queues.set(name, queue)
    const before = this.#held.get(name)
    if (steal && before) {
      this.#held.delete(name)
      before.tab.task('locks', () => before.reject(new DOMException('it was stolen', 'AbortError')))
    }
    if (steal) queue.unshift(asked)
    else queue.push(asked)
    this.#grantNext(name)
  }
  #leaveQueue(asked: Asked): void {
    const queue = this.#queues.get(asked.name)
    const at = queue?.indexOf(asked) ?? -1
    if (at >= 0) queue?.splice(at, 1)
  }
  #release(asked: Asked): void {
    // what was stolen is another one's
    if (this.#held.get(asked.name) !== asked) return
    this.#held.delete(asked.name)
    this.#grantNext(asked.name)
  }
  #grantNext(name: string): void {
    const next = this.#held.has(name) ? undefined : this.#queues.get(name)?.shift()
    if (!next) return
    this.#held.set(name, next)
    next.tab.task('locks', () => next.grant())
  }

  #tell(tab: Tab, say: () => void): void {
    const said = this.#said.get(tab) ?? []
    this.#said.set(tab, said)
    said.push(say)
    outside(() => this.#clock.after(this.#random() * 4, () => this.#said.get(tab)?.shift()?.()))
  }
}
