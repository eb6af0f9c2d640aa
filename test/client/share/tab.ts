// One tab of a browser that has several in this process: its own page, and an event loop that stops when the tab is frozen. Whatever reaches its code
// comes through `task`; of what it was sent, only what came from one source is in order, as in a browser.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { VirtualClock } from './virtual-clock.ts'

/** Below it a browser does not go with the timers of a page that nobody sees. */
const HIDDEN_TIMER_MS = 1_000

const running = new AsyncLocalStorage<Tab>()
/** Whose code runs now. */
export const currentTab = (): Tab => {
  const tab = running.getStore()
  if (!tab) throw new Error('code of a page runs in no tab')
  return tab
}
/** What is no page's: a server, a network. */
export const outside = <T>(run: () => T): T => running.exit(run)

let origins = 0

export class Tab {
  readonly window: EventTarget = new EventTarget()
  readonly document: EventTarget = new EventTarget()
  readonly name: string
  /** A page counts its replacements of connections by it: those of all pages of this process are not its own. */
  readonly origin: string = `tab ${++origins}`
  visibility: DocumentVisibilityState
  state: 'running' | 'frozen' | 'gone' = 'running'
  readonly #clock: VirtualClock
  readonly #random: () => number
  readonly #tasks = new Map<string, (() => void)[]>()

  constructor(name: string, clock: VirtualClock, random: () => number, isVisible: boolean) {
    this.name = name
    this.#clock = clock
    this.#random = random
    this.visibility = isVisible ? 'visible' : 'hidden'
  }

  task(source: string, run: () => void): void {
    if (this.state === 'gone') return
    const tasks = this.#tasks.get(source)
    if (tasks) tasks.push(run)
    else this.#tasks.set(source, [run])
  }
  get isReady(): boolean {
    return this.state === 'running' && this.#tasks.size > 0
  }
  /** Runs one of what waits. */
  step(): void {
    const sources = [...this.#tasks.keys()]
    const source = sources[Math.floor(this.#random() * sources.length)] as string
    const tasks = this.#tasks.get(source) as (() => void)[]
    const task = tasks.shift() as () => void
    if (tasks.length === 0) this.#tasks.delete(source)
    running.run(this, task)
  }
  /** Runs now what the test does in it. */
  run<T>(act: () => T): T {
    return running.run(this, act)
  }

  setTimer = (task: () => void, ms: number): (() => void) => {
    let isGivenUp = false
    const wait = this.visibility === 'hidden' ? Math.ceil(ms / HIDDEN_TIMER_MS) * HIDDEN_TIMER_MS : ms
    const cancel = outside(() => this.#clock.after(wait, () => this.task('timers', () => isGivenUp || task())))
    return () => {
      isGivenUp = true
      cancel()
    }
  }

  show(visibility: DocumentVisibilityState): void {
    if (this.visibility === visibility) return
    this.visibility = visibility
    this.#dispatch(this.document, 'visibilitychange')
  }
  /** @param isTold - as a browser does it; without, as a debugger or a machine's sleep does. */
  freeze(isTold: boolean): void {
    if (isTold) this.#now(this.document, 'freeze')
    this.state = 'frozen'
  }
  thaw(isTold: boolean): void {
    this.state = 'running'
    if (isTold) this.#dispatch(this.document, 'resume')
  }
  /** Into the back/forward cache, or for good. */
  hidePage(): void {
    this.#now(this.window, 'pagehide')
    this.state = 'frozen'
  }
  showPage(): void {
    this.state = 'running'
    this.#dispatch(this.window, 'pageshow')
  }
  die(): void {
    this.state = 'gone'
    this.#tasks.clear()
  }

  /** Before whatever else waits: the page stops after it. */
  #now(target: EventTarget, event: string): void {
    this.run(() => target.dispatchEvent(new Event(event)))
  }
  #dispatch(target: EventTarget, event: string): void {
    this.task('page', () => target.dispatchEvent(new Event(event)))
  }
}
