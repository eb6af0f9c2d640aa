'use client'
// The one file that calls `useSyncExternalStore`, from the shim, so that React 17 works. Everything subtle about reading is here.
import { useEffect, useMemo, useRef } from 'react'
import { useSyncExternalStore } from 'use-sync-external-store/shim'

/** What a hook shows, and what it must remember to make the next one (the last good value, a fold, ...). */
export interface Derived<R, M> {
  readonly result: R
  readonly memory: M
}
export interface Readable<S> {
  readonly getSnapshot: () => S
  readonly subscribe: (listener: () => void) => () => void
}
export type Derive<S, R, M> = (snapshot: S, previous: Derived<R, M> | undefined) => Derived<R, M>

/**
 * Reads `source` through `derive`. The component renders again only when `result` is another object.
 * @param derive - pure; may be another function in each render. It must give `previous.result` where nothing that it shows has changed.
 * @param origin - whose data it is. What was remembered of another origin is forgotten, so that its data is never shown under this one.
 * @param initial - the snapshot that the server renders, and the browser while it hydrates.
 */
export function useSource<S, R, M>(source: Readable<S>, derive: Derive<S, R, M>, origin: unknown, initial: () => S): Derived<R, M> {
  const committed = useRef<{ readonly origin: unknown; readonly derived: Derived<R, M> } | undefined>(undefined)
  const reader = useMemo(() => {
    const before = (): Derived<R, M> | undefined => {
      const last = committed.current
      return last && last.origin === origin ? last.derived : undefined
    }
    let snapshot: S | undefined
    let derived: Derived<R, M> | undefined
    let server: Derived<R, M> | undefined
    let last: Derived<R, M> | undefined
    return {
      get: (): R => {
        const next = source.getSnapshot()
        // React reads several times per render and compares identities
        if (!derived || next !== snapshot) derived = derive(next, derived ?? before())
        snapshot = next
        last = derived
        return derived.result
      },
      getOnServer: (): R => {
        server ??= derive(initial(), before())
        last = server
        return server.result
      },
      last: (): Derived<R, M> => last as Derived<R, M>,
    }
    // `initial` is read once, on the server or in the first render
    // oxlint-disable-next-line react/exhaustive-deps
  }, [source, derive, origin])
  const result = useSyncExternalStore(source.subscribe, reader.get, reader.getOnServer)
  const last = reader.last()
  const derived = last.result === result ? last : { ...last, result }
  useEffect(() => {
    committed.current = { origin, derived }
  })
  return derived
}
