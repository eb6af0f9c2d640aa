// Sends what a scene says at its pace, by the clock: a late turn sends what is due meanwhile.
import type { Feed } from './feeds/feed.ts'

const TURN_MS = 4
/** What is written at a time when there is no pace: about as much as a socket takes. */
const SLICE = 500

/** @param rate - a second; without one as fast as the network takes it. */
export async function play(feed: Feed, from: number, to: number, rate?: number): Promise<void> {
  if (rate === undefined) {
    for (let at = from; at < to; at += SLICE) {
      await feed.send(at, Math.min(to, at + SLICE))
      // the page's answers are read between two slices
      await new Promise((resolve) => setImmediate(resolve))
    }
    return
  }
  const start = performance.now()
  for (let at = from; at < to; ) {
    await new Promise((resolve) => setTimeout(resolve, TURN_MS))
    const due = Math.min(to, from + Math.floor(((performance.now() - start) * rate) / 1000))
    if (due > at) await feed.send(at, due)
    at = due
  }
}
