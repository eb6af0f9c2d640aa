// Who takes part, in what, and how it is fed. A peer takes part where it has a hook for it; where it has none, nothing stands in for one.
import { chat } from './feeds/chat.ts'
import { convex } from './feeds/convex.ts'
import { electric } from './feeds/electric.ts'
import { eventSource, lines } from './feeds/event-source.ts'
import type { OpenFeed } from './feeds/feed.ts'
import { runFrames } from './feeds/run-frames.ts'
import { runServer } from './feeds/run-server.ts'
import { trigger } from './feeds/trigger.ts'
import type { Scene } from './script.ts'

export interface Contender {
  readonly name: string
  readonly isOurs: boolean
  /** Its page: a file beside this one. */
  readonly page: string
  /** Which way of that page. */
  readonly way?: string
  readonly feeds: { readonly [S in Scene]?: OpenFeed }
  /** What a user imports for all scenes that it plays, as a module. Absent where another line says the same. */
  readonly imports?: string
}

const every = (feed: OpenFeed): Contender['feeds'] => ({ one: feed, many: feed, stream: feed })
const peer = (name: string, page: string, feeds: Contender['feeds'], imports: string): Contender => ({
  name,
  isOurs: false,
  page: `../peers/hooks/${page}.tsx`,
  feeds,
  imports,
})

/** Over the reference server, as users have it. */
export const RUNFEED = 'runfeed'

export const CONTENDERS: readonly Contender[] = [
  {
    name: RUNFEED,
    isOurs: true,
    page: 'page/runfeed.tsx',
    feeds: every(runServer),
    imports: `export { createRunClient } from 'runfeed'; export { RunfeedProvider, useRunMetadata, useRunText } from 'runfeed/react'`,
  },
  { name: 'runfeed, a frame each', isOurs: true, page: 'page/runfeed.tsx', feeds: every(runFrames) },
  { name: 'runfeed, parts judged', isOurs: true, page: 'page/runfeed.tsx', way: 'parts', feeds: { stream: runFrames } },
  peer(
    '@trigger.dev/react-hooks',
    'trigger',
    every(trigger),
    `export { TriggerAuthContext, useRealtimeRun, useRealtimeRunsWithTag, useRealtimeStream } from '@trigger.dev/react-hooks'`,
  ),
  peer('@electric-sql/react', 'electric', every(electric), `export { useShape } from '@electric-sql/react'`),
  peer('@ai-sdk/react', 'ai-sdk', { stream: chat }, `export { useChat } from '@ai-sdk/react'; export { DefaultChatTransport } from 'ai'`),
  peer(
    '@tanstack/react-query',
    'react-query',
    { one: eventSource, many: eventSource, stream: lines },
    `export { QueryClient, QueryClientProvider, experimental_streamedQuery, skipToken, useQuery } from '@tanstack/react-query'`,
  ),
  peer('swr/subscription', 'swr', every(eventSource), `export { default } from 'swr/subscription'`),
  peer('zustand', 'zustand', every(eventSource), `export { create } from 'zustand'`),
  peer('jotai', 'jotai', every(eventSource), `export { atom, createStore, Provider, useAtomValue } from 'jotai'`),
  peer('convex', 'convex', { one: convex, many: convex }, `export { ConvexProvider, ConvexReactClient, useQuery } from 'convex/react'`),
]
