// A browser of this process: tabs that share locks, channels, a network and a clock, and what of it pages know as globals.
import type { RunServer } from 'runfeed/server'
import { currentTab, Tab } from './tab.ts'
import { TabChannel, TabChannels } from './tab-channels.ts'
import { TabLocks } from './tab-locks.ts'
import { TabNetwork } from './tab-network.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A server that is asked now answers now, by the clock. What it checks by other threads takes a while, but not for ever. */
const MAX_ANSWER_NS = 5_000_000_000n

export class TabBrowser {
  readonly clock: VirtualClock
  readonly locks: TabLocks
  readonly channels: TabChannels
  readonly network: TabNetwork
  readonly tabs = new Set<Tab>()
  readonly #random: () => number
  #names = 0

  constructor(server: RunServer, clock: VirtualClock, random: () => number) {
    this.clock = clock
    this.#random = random
    this.locks = new TabLocks(clock, random)
    this.channels = new TabChannels(clock, random)
    this.network = new TabNetwork(server, clock, random)
  }

  open(isVisible: boolean): Tab {
    const tab = new Tab(`${++this.#names}`, this.clock, this.#random, isVisible)
    this.tabs.add(tab)
    return tab
  }
  /** What a browser does when a tab's process is gone. */
  end(tab: Tab): void {
    tab.die()
    this.tabs.delete(tab)
    this.channels.drop(tab)
    this.network.drop(tab)
    this.locks.drop(tab)
  }

  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms
    for (;;) {
      const begun = process.hrtime.bigint()
      do await new Promise((resolve) => setImmediate(resolve))
      while (this.network.isAnswering && process.hrtime.bigint() - begun < MAX_ANSWER_NS)
      const ready = [...this.tabs].filter(({ isReady }) => isReady)
      if (ready.length > 0) (ready[Math.floor(this.#random() * ready.length)] as Tab).step()
      else if (!this.clock.step(end)) return
    }
  }

  /** Takes the place of the process's own. @returns puts that back. */
  install(): () => void {
    const { channels, locks } = this
    const page = (target: () => EventTarget): Pick<EventTarget, 'addEventListener' | 'removeEventListener'> => ({
      addEventListener: (event, listener) => target().addEventListener(event, listener),
      removeEventListener: (event, listener) => target().removeEventListener(event, listener),
    })
    const given: { readonly [name: string]: unknown } = {
      ...page(() => currentTab().window),
      document: Object.defineProperty(
        page(() => currentTab().document),
        'visibilityState',
        { get: () => currentTab().visibility },
      ),
      location: Object.defineProperty({}, 'origin', { get: () => currentTab().origin }),
      navigator: Object.defineProperty({}, 'locks', { get: () => locks.of(currentTab()) }),
      BroadcastChannel: class extends TabChannel {
        constructor(name: string) {
          super(channels, name)
        }
      },
    }
    const before = Object.keys(given).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
    for (const [name, value] of Object.entries(given)) Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
    const restoreClock = this.clock.install()
    return () => {
      restoreClock()
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor)
        else Reflect.deleteProperty(globalThis, name)
      }
    }
  }
}
