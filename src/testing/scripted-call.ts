// What a page asks of a scripted feed, and what comes of it.
import type { Json } from '../protocol/json.ts'
import type { TriggerOptions } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import type { Script } from './script.ts'

/**
 * What a run does from a call on: a script whose times are ms from that call. With a promise the call is pending until it settles, and taken then; a
 * `RunfeedError` that is thrown is what the server answers.
 */
export type ScriptedReaction = (run: Run) => Script | Promise<Script>

/** A call that was not refused. `at` is when it was made, in ms of the script. */
export type ScriptedCall =
  | {
      readonly action: 'trigger'
      readonly at: number
      readonly task: string
      readonly payload: Json
      /** As they were given; `{}` where there were none. */
      readonly options: TriggerOptions
      /** The run that was answered: a new one, or the first with the same idempotency key. */
      readonly run: string
    }
  | { readonly action: 'replay'; readonly at: number; readonly replayOf: string /** The new one. */; readonly run: string }
  | { readonly action: 'cancel'; readonly at: number; readonly run: string }
