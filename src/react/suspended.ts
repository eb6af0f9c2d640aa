// Waiting for the first data, for Suspense. A render that suspends has no effects, so nobody else follows the run meanwhile: it is followed
// from here, until the component that waits has mounted, or for a while where it never does.
import { RunfeedError } from '../protocol/errors.ts'
import type { Source } from '../store/snapshot.ts'

/** A component that is gone cannot say so: nobody asks again then, and this ends it. One that still waits asks again. */
const HOLD_MS = 30_000
/** React renders what throws a second time, maybe some slices of work later, and that may not ask again. Nobody has read an error and asked by then. */
const THROWN_MS = 200

type Failing = Source<{ readonly error: RunfeedError | undefined }>
interface Hold {
  /** From before: following it asks again. */
  readonly error: RunfeedError | undefined
  /** Settles at the next news, or when the hold ends. A promise that has settled would have React try again at once, for ever. */
  changed: Promise<void>
  readonly release: () => void
}
const holds = new WeakMap<Failing, Hold>()

/** Settles at the next news of this source. @throws RunfeedError what it has failed with; `suspense_on_server` where nothing may be opened. */
export function untilChanged(source: Failing): Promise<void> {
  if (typeof window === 'undefined')
    throw new RunfeedError('suspense_on_server', 'a server does not wait for a run: give the hook `initialData`, or let this part render in the browser')
  let hold = holds.get(source)
  if (!hold) holds.set(source, (hold = follow(source)))
  const { error } = source.getSnapshot()
  if (!error || error === hold.error) return hold.changed
  setTimeout(hold.release, THROWN_MS)
  throw error
}

/** The component that waited follows the source itself now. */
export function release(source: Failing): void {
  holds.get(source)?.release()
}

function follow(source: Failing): Hold {
  let settle = (): void => {}
  const next = (): Promise<void> => new Promise((resolve) => (settle = resolve))
  const leave = source.subscribe(() => {
    const now = settle
    hold.changed = next()
    now()
  })
  const hold: Hold = {
    error: source.getSnapshot().error,
    changed: next(),
    release() {
      clearTimeout(timer)
      // every render that threw has asked for this: by now there may be a newer one
      if (holds.get(source) === hold) holds.delete(source)
      leave()
      settle()
    },
  }
  const timer = setTimeout(hold.release, HOLD_MS)
  return hold
}
