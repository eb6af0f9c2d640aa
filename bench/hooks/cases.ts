// What is measured. A case is one page; a phase is what is measured of it, one after another.
import type { Scene } from './script.ts'

export interface Phase {
  readonly title: string
  /** Updates or tokens. */
  readonly count: number
  /** A second; without one as fast as it comes. */
  readonly rate?: number
  /** A peer draws less often than the screen, because its user told it to: a way of ours that draws each frame is not held against it. */
  readonly isPeerThrottled?: true
}
export interface Case {
  readonly key: string
  readonly scene: Scene
  readonly phases: readonly Phase[]
}

export const CASES: readonly Case[] = [
  { key: 'a', scene: 'one', phases: [{ title: '(a) 100 components on one run, 1,000 updates/s for 5 s', count: 5000, rate: 1000 }] },
  { key: 'b', scene: 'many', phases: [{ title: '(b) 1,000 runs on a dashboard, 2,000 updates/s for 3 s', count: 6000, rate: 2000 }] },
  { key: 'c', scene: 'stream', phases: [{ title: '(c) 10,000 chunks as fast as they come', count: 10_000 }] },
  {
    key: 'c',
    scene: 'stream',
    phases: [
      { title: '(c) 100,000 chunks as fast as they come', count: 100_000 },
      { title: '(c) on top of 100,000 chunks, 1,000/s for 3 s', count: 3000, rate: 1000, isPeerThrottled: true },
    ],
  },
]
