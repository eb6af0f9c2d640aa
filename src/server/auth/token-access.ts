// What a public token allows, as the routes and the feed ask. A run that is not in its scopes and one that is not there get one answer.
import { createHash } from 'node:crypto'
import type { RunEngine } from '../../protocol/engine.ts'
import { InvalidRequestError, NotFoundError, RunfeedError } from '../../protocol/errors.ts'
import type { RunHandle } from '../../protocol/rest.ts'
import type { Run } from '../../protocol/run.ts'
import type { Access, Grant } from '../access.ts'
import { Reach } from './reach.ts'
import type { Rights } from './rights.ts'
import { optionsOf } from './token-claims.ts'

const forbidden = (message: string): RunfeedError => new RunfeedError('forbidden', message)
/** One text for both, so that nobody learns which ids there are. */
const outOfScope = (id: string): RunfeedError => forbidden(`${id} is not there, or not in the scopes of this token`)

/**
 * @param engine - the one of the token's namespace.
 * @param handleOf - what a trigger answers.
 */
export function tokenAccess(engine: RunEngine, rights: Rights, handleOf: (run: Run, subject: string) => Promise<RunHandle>): Access {
  const reach = new Reach(engine, rights)

  const mayRead = async (run: Run): Promise<void> => {
    if (!(await reach.reads(run))) throw outOfScope(run.id)
  }
  const mayWrite = (): never => {
    throw forbidden('this takes a secret key; a public token does what its scopes name')
  }
  const mayList: Access['mayList'] = async (query) => {
    if (!(await reach.covers(query)))
      throw forbidden('this token does not reach every run that the query could return; ask for a tag, a task, a parent or ids that are in its scopes')
  }
  const mayTrigger: Access['mayTrigger'] = (task, options = {}): Grant => {
    if (!reach.has(`trigger:tasks:${task}`)) throw forbidden(`this token does not start runs of "${task}"; make one with the scope trigger:tasks:${task}`)
    const { idempotencyKey, ...others } = options
    const [named] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    if (named !== undefined)
      throw forbidden(`options.${named}: with a public token only the payload is yours; what the run is given is said by whoever makes the token`)
    const bound = optionsOf(rights.trigger)
    if (idempotencyKey === undefined || bound.idempotencyKey !== undefined) return bound
    return { ...bound, idempotencyKey: keyOfSubject(rights.subject, idempotencyKey) }
  }

  return {
    engine: within(engine, reach),
    namespace: rights.namespace,
    mayWrite,
    mayRead,
    mayReadHistory: async (run) => {
      const { id } = run
      if (!reach.has(`read:history:${id}`)) throw forbidden(`this token does not read the history of ${id}; make one with the scope read:history:${id}`)
      // with its tree come the names of its writers
      await reach.reads(run)
    },
    mayCancel: async ({ id }) => {
      if (!reach.has(`cancel:runs:${id}`)) throw forbidden(`this token does not cancel ${id}; make one with the scope cancel:runs:${id}`)
    },
    mayList,
    mayTrigger,
    mayOpen: async () => {},
    handleOf: async (run) => await handleOf(run, rights.subject),
    sign: async () => mayWrite(),
    check: async (want) => {
      try {
        if (want.query !== undefined) await mayList(want.query)
        else {
          const stored = await engine.record.read(want.run)
          if (stored) await mayRead(stored.run)
          else throw reach.namesForReading(want.run) ? new NotFoundError(want.run) : outOfScope(want.run)
        }
        return undefined
      } catch (thrown) {
        // that the engine cannot be read is no answer
        if (thrown instanceof RunfeedError && (thrown.type === 'forbidden' || thrown.type === 'not_found')) return thrown.toJSON()
        throw thrown
      }
    },
    shows: (by, run) => reach.shows(by, run),
    namespaceOf: () => rights.namespace,
    expiresAt: () => rights.expiresAt,
  }
}

/** Two subjects that choose one key mean two runs, and neither finds what a secret key's holder has made. */
function keyOfSubject(subject: string, key: string): string {
  if (key.length === 0 || key.length > 256) throw new InvalidRequestError('idempotencyKey is text of 1 to 256 characters', { field: 'idempotencyKey' })
  return `token:${createHash('sha256')
    .update(JSON.stringify([subject, key]))
    .digest('base64url')}`
}

/** The engine without the runs that the token does not reach; routes ask for more before they do more. */
function within(engine: RunEngine, reach: Reach): RunEngine {
  return {
    ...engine,
    record: {
      ...engine.record,
      read: async (id) => {
        const stored = await engine.record.read(id)
        if (reach.names(id) || (stored && (await reach.reads(stored.run)))) return stored
        throw outOfScope(id)
      },
    },
  }
}
