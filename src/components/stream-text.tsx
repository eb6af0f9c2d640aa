'use client'
// A stream of text as it is written.
import type { ReactElement } from 'react'
import type { RunRef } from '../react/options.ts'
import type { StreamResult } from '../react/stream-view.ts'
import { useRunStream } from '../react/use-run-stream.ts'
import { Announcer } from './announcer.tsx'
import { GrowingText } from './growing-text.tsx'
import { type PartProps, type RootAttributes, renderRoot } from './part.ts'
import { useSteadyStale } from './use-steady-stale.ts'

/** On the root as `data-state`, `data-stale`, `data-truncated`, `data-blank`. */
export interface StreamTextState {
  readonly [data: string]: string | boolean | undefined
  /** `empty`: there is no run. `error`: the stream cannot be read. The rest is the stream's own state. */
  readonly state: 'empty' | 'waiting' | 'streaming' | 'done' | 'errored' | 'aborted' | 'error'
  readonly stale: boolean
  readonly truncated: boolean
  /** Nothing has been written. */
  readonly blank: boolean
}

export interface StreamWords {
  readonly empty: string
  readonly waiting: string
  readonly streaming: string
  readonly done: string
  readonly blank: string
  readonly errored: (why: string | undefined) => string
  readonly aborted: string
  readonly error: (why: string | undefined) => string
  readonly stale: string
  readonly truncated: string
}

const ENGLISH: StreamWords = {
  empty: 'Nothing to show yet',
  waiting: 'Waiting for the first words…',
  streaming: 'Writing',
  done: 'Finished',
  blank: 'No text was written',
  errored: (why) => (why ? `Stopped by an error: ${why}` : 'Stopped by an error'),
  aborted: 'Stopped before the end',
  error: (why) => (why ? `This text cannot be read: ${why}` : 'This text cannot be read'),
  stale: 'Reconnecting…',
  truncated: 'Earlier text is not shown',
}

interface OwnProps extends PartProps<StreamTextState> {
  /** A part as text. Keep it the same: what is written is not written again. @defaultValue strings as they are, anything else as JSON */
  readonly format?: ((part: unknown) => string) | undefined
  /** @defaultValue English */
  readonly words?: Partial<StreamWords> | undefined
}
interface Followed {
  readonly run: RunRef
  /** The stream's key. */
  readonly stream: string
  readonly startIndex?: number | undefined
  readonly throttle?: number | undefined
  readonly result?: undefined
}
interface Given {
  /** What `useRunStream` gave. Give this component another `key` for another stream. */
  readonly result: StreamResult<unknown, unknown>
  readonly run?: undefined
  readonly stream?: undefined
}
export type StreamTextProps = OwnProps & (Followed | Given) & RootAttributes

const asText = (part: unknown): string => (typeof part === 'string' ? part : JSON.stringify(part))

/**
 * Text that is written while one reads. It keeps the reader's selection, never scrolls, and says aloud only that it began and how it ended.
 * Parts: `text`, `written`, `caret`, `placeholder`, `note`.
 */
export function StreamText(props: StreamTextProps): ReactElement {
  if (props.result === undefined) return <FollowedText {...props} />
  return <Text {...props} />
}

function FollowedText({ run, stream, startIndex, throttle, result: _result, ...rest }: OwnProps & Followed & RootAttributes): ReactElement {
  const result = useRunStream<unknown>(run, stream, { startIndex, throttle })
  const id = typeof run === 'string' ? run : run?.id
  return <Text {...rest} result={result} textKey={`${id} ${stream} ${startIndex}`} />
}

function stateOf({ isEnabled, isError, streamState, log }: StreamResult<unknown, unknown>): StreamTextState['state'] {
  if (!isEnabled) return 'empty'
  if (isError) return 'error'
  switch (streamState) {
    case 'waiting':
      return log.length > log.firstIndex ? 'streaming' : 'waiting'
    case 'open':
      return 'streaming'
    case 'closed':
      return 'done'
    case 'errored':
    case 'aborted':
      return streamState
    default:
      return streamState satisfies never
  }
}

function Text({
  result,
  textKey = '',
  format = asText,
  words,
  className,
  style,
  render,
  run: _run,
  stream: _stream,
  ...attributes
}: OwnProps & Given & RootAttributes & { readonly textKey?: string }): ReactElement {
  const say = { ...ENGLISH, ...words }
  const state = stateOf(result)
  const { log, isTruncated: truncated } = result
  const stale = useSteadyStale(result.isStale)
  const blank = log.length === log.firstIndex
  const ended = { errored: say.errored(result.failure), aborted: say.aborted, error: say.error(result.error?.message) }
  const end = state === 'errored' || state === 'aborted' || state === 'error' ? ended[state] : undefined
  const placeholder = !blank ? undefined : state === 'done' ? say.blank : state === 'empty' ? say.empty : state === 'waiting' ? say.waiting : undefined
  const spoken = end ?? (state === 'streaming' ? say.streaming : state === 'done' ? say.done : '')

  return renderRoot(
    'div',
    'rf-stream',
    { state, stale, truncated, blank },
    { className, style, render },
    attributes,
    <>
      {truncated && (
        <div className="rf-stream__note" data-part="note" data-kind="truncated">
          {say.truncated}
        </div>
      )}
      <div className="rf-stream__text" data-part="text">
        {placeholder !== undefined && (
          <span className="rf-stream__placeholder" data-part="placeholder">
            {placeholder}
          </span>
        )}
        <GrowingText key={textKey} log={log} format={format} />
        {(state === 'streaming' || state === 'waiting') && <span className="rf-stream__caret" data-part="caret" aria-hidden="true" />}
      </div>
      {end !== undefined && (
        <div className="rf-stream__note" data-part="note" data-kind={state}>
          {end}
        </div>
      )}
      {stale && (
        <div className="rf-stream__note" data-part="note" data-kind="stale">
          {say.stale}
        </div>
      )}
      <Announcer text={spoken} />
    </>,
  )
}
