// What tabs of one browser say to each other over a BroadcastChannel. After a deploy tabs of two versions are open at once: whoever says it otherwise is
// another group, with a connection of its own.
import type { Frame } from '../../protocol/frame.ts'
import type { Want } from '../../protocol/want.ts'

/** To be raised with each change of the messages below, and of the frames and wants in them. */
export const SHARE_VERSION = 1

export type TabMessage =
  /** From the leader, twice a second and with every change. `error`: why its connection is lost. An older term than the newest is nobody's. */
  | { readonly kind: 'beat'; readonly term: number; readonly isOpen: boolean; readonly error?: { readonly type: string; readonly message: string } }
  /** From the leader: to everybody, to the tab that is behind, or to one session of it. */
  | {
      readonly kind: 'frames'
      readonly term: number
      readonly to?: string | undefined
      readonly session?: number | undefined
      readonly frames: readonly Frame[]
    }
  /** The leader cannot be seen: this tab is to take over. */
  | { readonly kind: 'yield'; readonly term: number; readonly to: string }
  /** A tab is there, and whether anybody sees it. */
  | { readonly kind: 'here'; readonly tab: string; readonly isVisible: boolean }
  /** What a session of a tab asks for, from where it is. */
  | { readonly kind: 'want'; readonly tab: string; readonly session: number; readonly wants: readonly Want[] }
  /** One session asks for nothing any more; without a number, the whole tab. */
  | { readonly kind: 'drop'; readonly tab: string; readonly session?: number | undefined }
