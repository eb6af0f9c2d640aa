'use client'
import { useMemo } from 'react'
import type { RunRef, StreamChoice } from './options.ts'
import type { Result } from './result.ts'
import type { StreamResult } from './stream-view.ts'
import { useRunStream } from './use-run-stream.ts'

/** `T` is a part as the task wrote it. */
export interface TextOptions<T = unknown> extends Omit<StreamChoice<T, string>, 'mode' | 'maxParts' | 'reduce' | 'initial' | 'isEqual' | 'onInvalid'> {
  /** A part as text. What is written is not written again, so keep it the same. @defaultValue strings as they are, anything else as JSON */
  format?: ((part: T) => string) | undefined
}

/** What a text hook gives. Text that is `pending` has not been begun. */
export type TextResult = Result<'text', string, Pick<StreamResult<unknown, string>, 'streamState' | 'failure' | 'isTruncated'>>

/** What a stream hook gives, and a text hook does not. */
const STREAMS_OWN: readonly string[] = ['parts', 'log', 'value']

export const asText = (part: unknown): string => (typeof part === 'string' ? part : JSON.stringify(part))

/**
 * Follows a stream of text. Each part is added once, and the parts are not kept in an array.
 * @param run - its id or handle; without one the hook is disabled.
 * @param stream - the stream's key.
 */
export function useRunText(run: RunRef, stream: string, { format = asText, ...options }: TextOptions = {}): TextResult {
  const result = useRunStream<unknown, string>(run, stream, { ...options, initial: '', reduce: (text, part) => text + format(part) })
  return useMemo(() => {
    const { isSuccess, isError, streamState, value } = result
    // an error before the first part leaves no text
    const shown: { [field: string]: unknown } = { text: isSuccess || (isError && streamState !== 'waiting') ? value : undefined }
    // not by spreading: that would read `parts`
    for (const field of Object.keys(result) as (keyof typeof result)[]) if (!STREAMS_OWN.includes(field)) shown[field] = result[field]
    return shown as unknown as TextResult
  }, [result])
}
