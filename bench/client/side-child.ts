// Started by per-event.ts: one way to read one feed, in a process that does nothing else. Each message is a round, answered by what it took.
import { FEEDS, type FeedName } from './feeds.ts'
import { SIDES, type SideName } from './sides.ts'

const [, , feedName, sideName] = process.argv
const feed = FEEDS[feedName as FeedName]()
const side = SIDES[sideName as SideName]

process.on('message', () => void round())
process.send?.({ event: 0 })

async function round(): Promise<void> {
  // the processor's time: other work on the machine does not count. That of all threads: what is allocated is collected in others, too
  const start = process.cpuUsage()
  const check = await side(feed)
  const { user, system } = process.cpuUsage(start)
  check()
  process.send?.({ event: (user + system) / feed.events })
}
