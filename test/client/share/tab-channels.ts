// BroadcastChannel between tabs: what one says to another arrives in order, and between two pairs of them nothing is in order.
import { currentTab, outside, type Tab } from './tab.ts'
import type { VirtualClock } from './virtual-clock.ts'

export class TabChannels {
  readonly #clock: VirtualClock
  readonly #random: () => number
  readonly #open = new Set<TabChannel>()

  constructor(clock: VirtualClock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  get tabs(): readonly Tab[] {
    return [...this.#open].map(({ tab }) => tab)
  }
  enter(channel: TabChannel): void {
    this.#open.add(channel)
  }
  leave(channel: TabChannel): void {
    this.#open.delete(channel)
  }
  drop(tab: Tab): void {
    for (const channel of this.#open) if (channel.tab === tab) this.#open.delete(channel)
  }

  say(from: TabChannel, message: unknown): void {
    for (const to of this.#open) {
      if (to === from || to.name !== from.name) continue
      const data = structuredClone(message)
      const queue = to.waiting.get(from) ?? []
      to.waiting.set(from, queue)
      queue.push(data)
      outside(() => this.#clock.after(this.#random() ** 3 * 60, () => this.#deliver(from, to)))
    }
  }
  #deliver(from: TabChannel, to: TabChannel): void {
    const data = to.waiting.get(from)?.shift()
    to.tab.task(`messages of ${from.tab.name}`, () => {
      if (this.#open.has(to)) to.onmessage?.({ data })
    })
  }
}

/** One end of a channel. */
export class TabChannel {
  readonly name: string
  readonly tab: Tab = currentTab()
  /** What is under way to it. */
  readonly waiting: Map<TabChannel, unknown[]> = new Map()
  onmessage: ((event: { readonly data: unknown }) => void) | undefined
  readonly #channels: TabChannels
  #isClosed = false

  constructor(channels: TabChannels, name: string) {
    this.#channels = channels
    this.name = name
    channels.enter(this)
  }
  postMessage(message: unknown): void {
    if (this.#isClosed) throw new DOMException('the channel is closed', 'InvalidStateError')
    this.#channels.say(this, message)
  }
  close(): void {
    this.#isClosed = true
    this.#channels.leave(this)
  }
}
