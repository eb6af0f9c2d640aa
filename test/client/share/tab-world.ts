// People with tabs that share, what each of them follows, and what must be so meanwhile and at the end.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { acrossTabs, createRunClient, type FeedQuery, type RunClient } from 'runfeed'
import { createPublicToken, type Scope } from 'runfeed/server'
import { environment } from '../../../src/transport/environment.ts'
import { Followers } from '../followers.ts'
import { type RandomRuns, streamOf } from '../random-runs.ts'
import type { Tab } from './tab.ts'
import type { TabBrowser } from './tab-browser.ts'
import type { TabStep } from './tab-steps.ts'

const MAX_TABS = 6
/** A page is live again within it, whatever had happened: a stalled connection is found by then, and the longest wait is over. */
const LIVE_MS = 60_000
/** What a page says last has arrived. */
const ON_ITS_WAY_MS = 50
const SHORT_TOKEN_MS = 20_000
export const secretKey = 'sk_of_this_test_alone_and_long_enough'
const scopes: readonly Scope[] = ['read:tasks:work', 'read:tags:a', 'read:tags:b']
const QUERIES: readonly FeedQuery[] = [{ tag: 'a' }, { task: 'work', limit: 2 }, { tag: 'b', status: ['EXECUTING'] }]

/** A tab with a client, as an application has it. */
interface Person {
  readonly tab: Tab
  readonly identity: string
  readonly client: RunClient
  readonly followers: Followers
  /** How it stopped, and so how it goes on. */
  stopped: 'freeze' | 'sleep' | 'leave' | undefined
  stoppedAt: number
}

/** Something that goes on, as far as it was told. */
const isFollowing = ({ followers }: Person): boolean => [...followers.all].some((follower) => (follower.ends?.() ?? 0) === 0)

export class TabWorld {
  readonly browser: TabBrowser
  readonly runs: RandomRuns
  readonly people: Person[] = []
  readonly #random: () => number

  constructor(browser: TabBrowser, runs: RandomRuns, random: () => number) {
    this.browser = browser
    this.runs = runs
    this.#random = random
  }

  async come({ isVisible, identity, token }: Extract<TabStep, { readonly do: 'come' }>): Promise<void> {
    if (this.people.length >= MAX_TABS) return
    const mint = async (): Promise<string> =>
      await this.browser.network.answered(createPublicToken({ secretKey, scopes, subject: identity, expiresIn: token === 'long' ? '1h' : SHORT_TOKEN_MS }))
    const accessToken = token === 'renewed' ? mint : await mint()
    const { clock } = this.browser
    const endsAt = clock.now() + SHORT_TOKEN_MS
    const tab = this.browser.open(isVisible)
    const client = tab.run(() =>
      createRunClient({
        baseUrl: '/',
        accessToken,
        fetch: this.browser.network.fetchOf(tab),
        share: acrossTabs({ identity }),
        linger: 300,
        environment: { ...environment, now: clock.now, random: this.#random, setTimer: tab.setTimer },
        scheduler: { schedule: (task) => tab.setTimer(task, 16) },
      }),
    )
    const isExpected = ({ type }: { readonly type: string }): boolean => token === 'short' && type === 'token_expired' && clock.now() >= endsAt
    this.people.push({ tab, identity, client, followers: new Followers(client, this.runs, isExpected), stopped: undefined, stoppedAt: 0 })
  }

  async take(step: TabStep): Promise<void> {
    if ('tab' in step) {
      const person = this.people[step.tab % Math.max(1, this.people.length)]
      return person && this.#act(person, step)
    }
    const { browser } = this
    switch (step.do) {
      case 'come':
        return await this.come(step)
      case 'cut':
        return browser.network.cutAll()
      case 'stall':
        return browser.network.stallAll()
      case 'down':
      case 'up':
        browser.network.isDown = step.do === 'down'
        if (browser.network.isDown) browser.network.cutAll()
        return
      case 'pass':
        return await browser.pass(step.ms)
      case 'reach':
        return await this.reach()
      default:
        return await this.runs.take(step)
    }
  }

  #act(person: Person, step: Extract<TabStep, { readonly tab: number }>): void {
    const { tab, followers, stopped } = person
    if (stopped) {
      const isEnd = step.do === 'return' || step.do === 'thaw' || step.do === 'show'
      if (isEnd) this.#goOn(person)
      else if (step.do === 'crash' || step.do === 'close') this.#gone(person)
      return
    }
    switch (step.do) {
      case 'follow list':
        return tab.run(() => followers.list(QUERIES[step.n % QUERIES.length] as FeedQuery))
      case 'follow run':
      case 'follow stream': {
        const id = this.runs.at(step.at)
        if (id === undefined) return
        return tab.run(() => (step.do === 'follow run' ? followers.run(id) : followers.stream(id, streamOf(step.n), step.n >> 1)))
      }
      case 'let go':
        return tab.run(() => followers.drop(step.at))
      case 'hide':
        return tab.show('hidden')
      case 'show':
        return tab.show('visible')
      case 'freeze':
      case 'sleep':
        tab.freeze(step.do === 'freeze')
        return this.#stop(person, step.do)
      case 'leave':
        tab.hidePage()
        return this.#stop(person, 'leave')
      case 'close':
        tab.hidePage()
        return this.#gone(person)
      case 'crash':
        return this.#gone(person)
      case 'return':
      case 'thaw':
        return
      default:
        step satisfies never
    }
  }
  #stop(person: Person, how: Person['stopped']): void {
    person.stopped = how
    person.stoppedAt = this.browser.clock.now()
  }
  #goOn(person: Person): void {
    if (person.stopped === 'leave') person.tab.showPage()
    else person.tab.thaw(person.stopped === 'freeze')
    person.stopped = undefined
  }
  #gone(person: Person): void {
    this.browser.end(person.tab)
    this.people.splice(this.people.indexOf(person), 1)
  }

  /** A page that was left, or told that it will be frozen, holds nothing that keeps it out of the cache, and no connection. */
  checkStopped(): void {
    const { locks, channels, network, clock } = this.browser
    for (const { tab, stopped, stoppedAt } of this.people)
      if ((stopped === 'leave' || stopped === 'freeze') && clock.now() > stoppedAt + ON_ITS_WAY_MS)
        for (const [what, tabs] of Object.entries({ locks: locks.holders, channels: channels.tabs, feeds: network.feeds }))
          ok(!tabs.includes(tab), `tab ${tab.name} has ${what} after it was stopped (${stopped})`)
  }

  /** Who is there goes on to be told what the server has, where anybody sees it. */
  async reach(): Promise<void> {
    this.browser.network.isDown = false
    const running = this.people.filter(({ stopped }) => !stopped)
    const seen = new Set(running.filter((person) => person.tab.visibility === 'visible' && isFollowing(person)).map(({ identity }) => identity))
    await this.#until(async () => {
      for (const { followers, identity } of running) if (seen.has(identity)) for (const follower of followers.all) await follower.check()
    })
  }

  async finish(): Promise<void> {
    const { browser, people } = this
    for (const person of people) if (person.stopped) this.#goOn(person)
    // one of each is looked at
    for (const identity of new Set(people.map((person) => person.identity))) people.find((person) => person.identity === identity)?.tab.show('visible')
    await this.reach()
    await this.#until(() => this.#checkFeeds())
    await this.runs.endAll()
    await this.reach()
    await this.#until(() => {
      for (const { followers } of people) for (const follower of followers.all) equal(follower.ends?.() ?? 1, 1, 'its end was told not once')
    })
    for (const { followers } of people) deepEqual(followers.wrong, [])
    for (const { tab, followers } of people) tab.run(() => [...followers.all].forEach((follower) => follower.stop()))
    await this.#until(() => {
      equal(browser.network.feeds.length, 0, 'a feed is open that nobody follows')
      for (const { client } of people) ok(['idle', 'failed'].includes(client.connection.getSnapshot().status))
    })
    for (const { tab, client } of people) tab.run(() => client.close())
    await this.#until(() => {
      equal(browser.locks.tabs.length + browser.channels.tabs.length, 0, 'a client that was closed left a lock or a channel behind')
    })
  }

  /** One connection for each identity whose tabs follow what goes on. */
  #checkFeeds(): void {
    const { network } = this.browser
    const following = new Set<string>()
    for (const person of this.people) if (isFollowing(person)) following.add(person.identity)
    const identities = network.feeds.map((tab) => this.people.find((person) => person.tab === tab)?.identity)
    equal(identities.length, following.size, 'one connection for each identity')
    deepEqual(new Set(identities), following)
  }

  /** @throws what is still so after a while. */
  async #until(check: () => void | Promise<void>): Promise<void> {
    const end = this.browser.clock.now() + LIVE_MS
    for (;;) {
      try {
        return await check()
      } catch (thrown) {
        if (this.browser.clock.now() >= end) throw thrown
      }
      await this.browser.pass(250)
    }
  }
}
