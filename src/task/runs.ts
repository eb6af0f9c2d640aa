// `runs`: any run of the record: within a run, in a server's process, or by the configured server.
import type { RunBackend } from '../protocol/engine.ts'
import { InvalidRequestError, NotFoundError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { RunListRequest, RunPage } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { RUN_STATUSES } from '../protocol/status.ts'
import { topics } from '../protocol/want.ts'
import { refused } from './duration.ts'
import { nextWake } from './next-wake.ts'
import { checkNames, type Names } from './option-names.ts'
import { currentBackend, OUTSIDE_PATIENCE_MS } from './process-backends.ts'
import { retrying } from './retrying.ts'
import { currentScope } from './run-scope.ts'

/** A run's id, or what a trigger gave. */
export type RunRef = string | { readonly id: string }

/** Every method throws RunfeedError `not_configured` outside of a run, in a process that neither has a server with tasks nor is configured for one. */
export interface Runs {
  /** The record as it is now. @throws NotFoundError */
  retrieve(run: RunRef): Promise<Run>
  /** Newest first, a page at a time. @param query - a conjunction of equalities. @defaultValue every run @throws InvalidRequestError naming the filter */
  list(query?: RunListRequest): Promise<RunPage>
  /** Ends a run that nobody executes, asks one that is executed to stop, its descendants with it. Ended already: nothing. @throws NotFoundError */
  cancel(run: RunRef): Promise<Run>
  /**
   * The record now, then as it changes; versions that come while one is looked at are skipped. It ends when neither the run nor a descendant
   * lives, with the last record. Within a run that is aborted, it throws the signal's reason.
   * @throws NotFoundError at the first step; RunfeedError `forbidden` for one that the key does not reach.
   */
  subscribe(run: RunRef): AsyncIterable<Run>
}

/** An engine of this process gives what it keeps: whoever changed that would change the record, past its log. */
const copied = (run: Run, payload: Json = structuredClone(run.payload)): Run => ({ ...structuredClone({ ...run, payload: null }), payload })

/** @throws InvalidRequestError */
function idOf(run: RunRef): string {
  const id: unknown = typeof run === 'string' ? run : (run as Partial<Exclude<RunRef, string>> | undefined)?.id
  if (typeof id === 'string') return id
  throw new InvalidRequestError('this is no run; pass its id, or what a trigger gave', { field: 'run' })
}

const FILTERS: Names<RunListRequest> = { ids: true, task: true, tag: true, parent: true, status: true, limit: true, after: true }

/** Here, because an engine of this process takes what it knows and no more: a filter that it does not know would be none. @throws InvalidRequestError */
function checkFilters(query: RunListRequest): void {
  checkNames(query, FILTERS)
  for (const name of ['ids', 'status'] as const)
    if (query[name] !== undefined && !Array.isArray(query[name])) throw refused(name, query[name], 'it is an array of strings')
  const unknown = query.status?.find((status) => !(RUN_STATUSES as readonly string[]).includes(status))
  if (unknown !== undefined) throw refused('status', unknown, `there are ${RUN_STATUSES.join(', ')}`)
}

async function* subscribe(ref: RunRef): AsyncGenerator<Run, void, undefined> {
  const id = idOf(ref)
  const backend = currentBackend()
  const { record } = backend
  const again = async <T>(call: () => Promise<T>): Promise<T> => await retrying(call, backend.patience)
  const signal = currentScope()?.signal
  const bell = nextWake(backend, [topics.run(id)])
  signal?.addEventListener('abort', bell.stop)
  try {
    let payload: Json | undefined
    for (let seen = 0; ; ) {
      signal?.throwIfAborted()
      const woken = bell.next()
      const stored = await again(async () => await record.read(id))
      if (!stored) throw new NotFoundError(id)
      // asked before the last look: what a descendant still said is then in it
      const isSettled = stored.run.finishedAt !== null && (await again(async () => await record.isSettled(id)))
      const { run } = isSettled ? ((await again(async () => await record.read(id))) ?? stored) : stored
      // up to 10 MB that never change: one copy for all versions
      payload ??= structuredClone(run.payload)
      if (run.version > seen) yield copied(run, payload)
      seen = run.version
      if (isSettled) return
      await woken
    }
  } finally {
    signal?.removeEventListener('abort', bell.stop)
    bell.stop()
  }
}

/** One call. Outside of a run somebody waits for its answer, and a server that is away is told of sooner. */
async function ask<T>(call: (record: RunBackend['record']) => Promise<T>): Promise<T> {
  const { record, patience } = currentBackend()
  return await retrying(async () => await call(record), currentScope() ? patience : OUTSIDE_PATIENCE_MS)
}

export const runs: Runs = {
  retrieve: async (run) => {
    const stored = await ask(async (record) => await record.read(idOf(run)))
    if (!stored) throw new NotFoundError(idOf(run))
    return copied(stored.run)
  },
  async list(query = {}) {
    checkFilters(query)
    const page = await ask(async (record) => await record.list(query))
    return { ...page, runs: page.runs.map((run) => copied(run)) }
  },
  cancel: async (run) => copied(await ask(async (record) => await record.cancel(idOf(run)))),
  subscribe,
}
