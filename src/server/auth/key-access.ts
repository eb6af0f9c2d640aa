// What a secret key allows: everything in its namespace. And what nobody is allowed who did not say who they are.
import type { RunEngine } from '../../protocol/engine.ts'
import { NotFoundError, type RunfeedError } from '../../protocol/errors.ts'
import { type Access, fullAccess } from '../access.ts'

/** @param engine - the one of the namespace. */
export const keyAccess = (engine: RunEngine, namespace: string, { handleOf, sign }: Pick<Access, 'handleOf' | 'sign'>): Access => ({
  ...fullAccess(engine),
  namespace,
  handleOf,
  sign,
  // the feed reads the engine that all namespaces share
  check: async ({ run }) => (run === undefined || (await engine.record.read(run)) ? undefined : new NotFoundError(run).toJSON()),
  namespaceOf: () => namespace,
})

/** @param error - why, which every question is answered with. */
export function noAccess(error: RunfeedError): Access {
  const refuse = (): never => {
    throw error
  }
  const refuseLater = async (): Promise<never> => refuse()
  return {
    get engine(): never {
      return refuse()
    },
    // no namespace has this name
    namespace: '',
    mayWrite: refuse,
    mayRead: refuseLater,
    mayReadHistory: refuseLater,
    mayCancel: refuseLater,
    mayList: refuseLater,
    mayTrigger: refuse,
    mayOpen: refuseLater,
    handleOf: refuseLater,
    sign: refuseLater,
    check: async () => error.toJSON(),
    shows: () => false,
    namespaceOf: () => '',
    expiresAt: () => undefined,
  }
}
