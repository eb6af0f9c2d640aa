// What every engine must do. One suite, through the public interface alone, so that an engine may be a file, memory, or a server elsewhere.
import { describe } from 'vitest'
import type { EmbeddedEngine } from '../../src/engine/embedded.ts'
import type { EngineOptions } from '../../src/engine/settings.ts'
import { attemptSuite } from './suite/attempts.ts'
import { cancelSuite } from './suite/cancel.ts'
import { chunkSuite } from './suite/chunks.ts'
import { commitSuite } from './suite/commit.ts'
import { createSuite } from './suite/create.ts'
import { delaySuite } from './suite/delay.ts'
import { endSuite } from './suite/end.ts'
import { historySuite } from './suite/history.ts'
import { keySuite } from './suite/keys.ts'
import { listSuite } from './suite/list.ts'
import { logSuite } from './suite/log.ts'
import { memberSuite } from './suite/members.ts'
import { nameSuite } from './suite/names.ts'
import { queueSuite } from './suite/queue.ts'
import { remoteSuite } from './suite/remote.ts'
import { reopenSuite } from './suite/reopen.ts'
import { repeatSuite } from './suite/repeats.ts'
import { retentionSuite } from './suite/retention.ts'
import { keptStreamSuite, streamBoundSuite } from './suite/stream-bounds.ts'
import { tagSuite } from './suite/tags.ts'
import { valueSuite } from './suite/values.ts'
import { writersSuite } from './suite/writers.ts'

export interface Opened {
  readonly engine: EmbeddedEngine
  /** Calls that are made at once may arrive in any order, and a topic that is new is rung once for nothing. @defaultValue false */
  readonly isOverNetwork?: boolean
}
/** Whoever opens closes when the test is over. */
export type Open = (options?: EngineOptions) => Promise<Opened>

export interface OpenedKept extends Opened {
  /** Closes the engine and opens it anew on what it kept. */
  readonly reopen: () => Promise<EmbeddedEngine>
}
export type OpenKept = (options?: EngineOptions) => Promise<OpenedKept>

/** @param openKept - for an engine that keeps runs beyond its own life. */
export function engineSuite(name: string, open: Open, openKept?: OpenKept): void {
  describe(`the ${name} engine`, () => {
    createSuite(open)
    commitSuite(open)
    endSuite(open)
    logSuite(open)
    cancelSuite(open)
    queueSuite(open)
    chunkSuite(open)
    listSuite(open)
    memberSuite(open)
    retentionSuite(open)
    keySuite(open)
    historySuite(open)
    delaySuite(open)
    attemptSuite(open)
    valueSuite(open)
    tagSuite(open)
    nameSuite(open)
    repeatSuite(open)
    streamBoundSuite(open)
    if (openKept) {
      reopenSuite(openKept)
      remoteSuite(openKept)
      keptStreamSuite(openKept)
    }
    // an engine that keeps nothing has no restarts to survive
    writersSuite(
      openKept ??
        (async (options) => {
          const opened = await open(options)
          return { ...opened, reopen: async () => opened.engine }
        }),
    )
  })
}
