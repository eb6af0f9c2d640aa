// What one request may do: what its header allows, and for each want of a feed that brings a token of its own, what that one allows.
import { type RunfeedError, toRunfeedError } from '../../protocol/errors.ts'
import type { Want } from '../../protocol/want.ts'
import type { Access } from '../access.ts'
import type { Caller, Callers } from './callers.ts'

/** The header's caller, or why there is none. */
export type Header = { readonly caller: Caller } | { readonly refused: RunfeedError; readonly isAbsent: boolean }

export interface RequestAccessOptions {
  readonly callers: Callers
  /** What the header allows; every question throws where it names nobody. */
  readonly base: Access
  readonly header: Header
  /** Takes a place among the open feeds of each subject, and as many among its wants. @throws RunfeedError `too_many_requests` */
  readonly hold: (subjects: ReadonlySet<string>, wants: number) => void
}

export function requestAccess({ callers, base, header, hold }: RequestAccessOptions): Access {
  const asked = new Map<string, Promise<Caller | RunfeedError>>()
  const verified = new Set<Caller>()
  /** Each token is verified once, however many wants bring it. */
  const callerOf = (token: string): Promise<Caller | RunfeedError> => {
    let caller = asked.get(token)
    if (!caller) {
      caller = callers.withToken(token).then(
        (found) => {
          verified.add(found)
          return found
        },
        (thrown: unknown) => toRunfeedError(thrown),
      )
      asked.set(token, caller)
    }
    return caller
  }
  const ofWants = async (wants: readonly Want[]): Promise<readonly (Caller | RunfeedError)[]> =>
    await Promise.all(wants.flatMap(({ token }) => (token === undefined ? [] : [callerOf(token)])))

  const overrides: Partial<Access> = {
    // by its own word a token's want may change with the tags of its run
    get isFixed() {
      return base.isFixed === true && asked.size === 0
    },
    async mayOpen(wants) {
      const own = await ofWants(wants)
      const found = own.filter((one): one is Caller => 'access' in one)
      // a header that was refused is what its sender can mend
      if (!('caller' in header) && found.length === 0) throw (header.isAbsent && firstError(own)) || header.refused
      // a secret key's holder is trusted with the number of its feeds
      if ('caller' in header && !header.caller.rights) return
      const all = 'caller' in header ? [header.caller, ...found] : found
      hold(new Set(all.flatMap(({ namespace, rights }) => (rights ? [JSON.stringify([namespace, rights.subject])] : []))), wants.length)
    },
    async check(want) {
      if (want.token === undefined) return await base.check(want)
      const caller = await callerOf(want.token)
      return 'access' in caller ? await caller.access.check(want) : caller.toJSON()
    },
    // it is one reader, whichever of its tokens says so
    shows: (by, run) => base.shows(by, run) || [...verified].some(({ access }) => access.shows(by, run)),
    namespaceOf: (want) => (want.token === undefined ? base.namespaceOf(want) : (callers.peek(want.token)?.namespace ?? '')),
    expiresAt: (want) => (want.token === undefined ? base.expiresAt(want) : callers.peek(want.token)?.expiresAt),
  }
  // not a copy: the engine of who is nobody cannot even be read
  return Object.create(base, Object.getOwnPropertyDescriptors(overrides)) as Access
}

const firstError = (found: readonly (Caller | RunfeedError)[]): RunfeedError | undefined => found.find((one): one is RunfeedError => !('access' in one))
