// An engine with the runs of one namespace alone in it: what is elsewhere is not there, and what is made is made here. Whether a run is of
// the namespace never changes, so it is asked once. Wakes of lists and of the queue carry no run: they have topics of the namespace's own.
import { createHash } from 'node:crypto'
import type { RunEngine } from '../../protocol/engine.ts'
import { InvalidRequestError, NotFoundError } from '../../protocol/errors.ts'
import type { NewRun, Run } from '../../protocol/run.ts'
import { topics } from '../../protocol/want.ts'

/** Runs whose namespace is remembered. */
const MAX_KNOWN = 20_000
const RUN_TOPIC = /^(?:run|control|stream):([^:]+)/

function inNamespace(engine: RunEngine, namespace: string): RunEngine {
  const { record, chunks, queue } = engine
  /** Ids that are known to be of the namespace, with their parents. */
  const known = new Map<string, string | null>()
  const learn = ({ id, parentId }: Run): void => {
    known.set(id, parentId)
    const [oldest] = known.keys()
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest)
  }
  /** @returns its parent; `undefined`: it is not here. */
  const parentOf = async (id: string): Promise<string | null | undefined> => {
    const parent = known.get(id)
    if (parent !== undefined) return parent
    const stored = await record.read(id)
    if (stored?.run.namespace !== namespace) return undefined
    learn(stored.run)
    return stored.run.parentId
  }
  const isHere = async (id: string): Promise<boolean> => (await parentOf(id)) !== undefined
  const here = async (id: string, what: string = id): Promise<void> => {
    if (!(await isHere(id))) throw new NotFoundError(what)
  }
  /** A run is written to by itself and by its descendants: who may see the run's tree may see who wrote. */
  const checkWriter = async (run: string, by: string | undefined): Promise<void> => {
    await here(run)
    if (by === undefined || by === run) return
    for (let id = await parentOf(by); id; id = await parentOf(id)) if (id === run) return
    throw new InvalidRequestError(`by: ${by} is no descendant of ${run}`, { field: 'by' })
  }
  /** Two workers of one name in two namespaces are two. */
  const named = (worker: string): string =>
    `w_${createHash('sha256')
      .update(JSON.stringify([namespace, worker]))
      .digest('base64url')}`

  const placed = async (run: NewRun): Promise<NewRun> => {
    const { parentId, replayOf } = run
    if (run.namespace !== undefined && run.namespace !== namespace)
      throw new InvalidRequestError(`namespace: this key makes runs of "${namespace}" alone; leave it out`, { field: 'namespace' })
    if (parentId !== undefined) await here(parentId, `the parent ${parentId}`)
    if (replayOf !== undefined) await here(replayOf)
    return { ...run, namespace }
  }

  return {
    record: {
      create: async (runs) => {
        const created = await record.create(await Promise.all(runs.map(placed)))
        for (const run of created) learn(run)
        return created
      },
      read: async (id) => {
        const stored = await record.read(id)
        return stored?.run.namespace === namespace ? stored : undefined
      },
      commit: async (commit) => {
        await checkWriter(commit.run, commit.by)
        return await record.commit(commit)
      },
      since: async (id, cursor) => {
        await here(id)
        return await record.since(id, cursor)
      },
      list: async (request) => await record.list({ ...request, namespace }),
      history: async (id, after, limit) => {
        await here(id)
        return await record.history(id, after, limit)
      },
      at: async (id, version) => {
        await here(id)
        return await record.at(id, version)
      },
      cancel: async (id) => {
        await here(id)
        return await record.cancel(id)
      },
      isSettled: async (id) => {
        await here(id)
        return await record.isSettled(id)
      },
    },
    chunks: {
      append: async (run, stream, values, from) => {
        await checkWriter(run, from.by)
        return await chunks.append(run, stream, values, from)
      },
      info: async (run, stream) => {
        await here(run)
        return await chunks.info(run, stream)
      },
      read: async (run, stream, index, maxBytes) => {
        await here(run)
        return await chunks.read(run, stream, index, maxBytes)
      },
      holds: async (run, stream, cursor) => {
        await here(run)
        return await chunks.holds(run, stream, cursor)
      },
    },
    queue: {
      claim: async (request) => await queue.claim({ ...request, worker: named(request.worker), namespace }),
      begin: async (run, claim) => await queue.begin(await placed(run), { ...claim, worker: named(claim.worker) }),
      renew: async (worker, runs) => await queue.renew(named(worker), runs),
      release: async (worker, run) => {
        await here(run)
        await queue.release(named(worker), run)
      },
    },
    wake(topic, listener) {
      const id = RUN_TOPIC.exec(topic)?.[1]
      if (id === undefined) return engine.wake(topics.within(namespace, topic), listener)
      let isOver = false
      const stop = engine.wake(topic, () => {
        if (known.has(id)) return listener()
        // what cannot be read now is read by who is woken, who then says what is wrong
        isHere(id).then(
          (isOurs) => isOurs && !isOver && listener(),
          () => !isOver && listener(),
        )
      })
      return () => {
        isOver = true
        stop()
      }
    },
    // others have it open too: the server closes it
    close: async () => {},
  }
}

/** The same view for all who ask for a namespace: what it has learnt of its runs is asked for once. */
export function byNamespace(engine: RunEngine): (namespace: string) => RunEngine {
  const views = new Map<string, RunEngine>()
  return (namespace) => {
    let view = views.get(namespace)
    if (!view) views.set(namespace, (view = inNamespace(engine, namespace)))
    return view
  }
}
