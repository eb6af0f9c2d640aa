// An engine inside one process: the calls of `RunEngine` over a storage. How calls become durable is the executor's business.
import type { RunEngine } from '../protocol/engine.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import type { RunPage } from '../protocol/rest.ts'
import type { Bell } from './bell.ts'
import { cancelRun } from './cancel.ts'
import { appendChunks, holdsCursor, readChunks, streamInfo } from './chunks.ts'
import { commitRun, logSince } from './commit.ts'
import { createRuns } from './create.ts'
import { readHistory, runAt } from './history.ts'
import { beginRun, claimRuns, releaseRun, renewLeases } from './queue.ts'
import { cursorOf, isLive, shown } from './state.ts'
import { sweep } from './sweep.ts'
import type { Turn } from './turn.ts'

/** A `RunEngine` whose leases are swept by this process. */
export interface EmbeddedEngine extends RunEngine {
  /** Does what is due: delayed runs, expiry, leases that are out, retention; timers do so too. @returns how many leases were out. */
  sweep(): Promise<number>
}

export interface Executor {
  /** Runs a call that may change something; settles when that is durable. */
  readonly write: <T>(call: (turn: Turn) => T) => Promise<T>
  /** Runs a call that only reads, on what is durable. */
  readonly read: <T>(call: (turn: Turn) => T) => Promise<T>
  readonly close: () => Promise<void>
}

const MAX_PAGE = 200

export function embeddedEngine({ write, read, close }: Executor, bell: Bell): EmbeddedEngine {
  return {
    record: {
      create: (runs) => write((turn) => createRuns(turn, runs)),
      commit: (commit) => write((turn) => commitRun(turn, commit)),
      cancel: (run) => write((turn) => cancelRun(turn, run)),
      read: (run) =>
        read((turn) => {
          const state = turn.storage.load(run)
          return state && { run: shown(state), cursor: cursorOf(state) }
        }),
      since: (run, cursor) => read((turn) => logSince(turn, run, cursor)),
      history: (run, after, limit) => read((turn) => readHistory(turn, run, after, limit)),
      at: (run, version) => read((turn) => runAt(turn, run, version)),
      isSettled: (run) => read((turn) => !isLive(turn.load(run).run) && !turn.storage.hasLiveDescendants(run)),
      list: (request) =>
        read((turn): RunPage => {
          const { limit = 50 } = request
          if (!Number.isInteger(limit) || limit < 1) throw new InvalidRequestError('limit is a whole number from 1')
          const { ids, next } = turn.storage.list(request, Math.min(limit, MAX_PAGE))
          const runs = ids.map((id) => shown(turn.load(id)))
          return next === undefined ? { runs } : { runs, next }
        }),
    },
    chunks: {
      append: (run, stream, chunks, from) => write((turn) => appendChunks(turn, run, stream, chunks, from)),
      info: (run, stream) => read((turn) => streamInfo(turn, run, stream)),
      read: (run, stream, index, maxBytes) => read((turn) => readChunks(turn, run, stream, index, maxBytes)),
      holds: (run, stream, cursor) => read((turn) => holdsCursor(turn, run, stream, cursor)),
    },
    queue: {
      claim: (request) => write((turn) => claimRuns(turn, request)),
      begin: (run, claim) => write((turn) => beginRun(turn, run, claim)),
      renew: (worker, runs) => write((turn) => renewLeases(turn, worker, runs)),
      release: (worker, run) => write((turn) => releaseRun(turn, worker, run)),
    },
    wake: (topic, listener) => bell.listen(topic, listener),
    counts: () => read((turn) => turn.storage.counts()),
    sweep: () => write(sweep),
    close,
  }
}
