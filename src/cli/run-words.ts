// What happens to a run, in lines: for a terminal that is no terminal, and above a bar where there is one.
import { isJsonObject, type Json, type JsonObject } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { durationText } from './duration-text.ts'
import { type Output, printable, shown } from './output.ts'
import { styleOfStatus } from './run-table.ts'

/** The run's status, where it has changed. */
export function statusLine(run: Run, before: Run | undefined, { style }: Output): string | undefined {
  if (before?.status === run.status && before.attempt === run.attempt) return undefined
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : ''
  const again = run.finishedAt === null && run.error ? ` (${shown(run.error.message)})` : ''
  return `${style(styleOfStatus(run), run.status)}${attempt}${again}${run.cancelRequestedAt !== null && run.finishedAt === null ? ', to be canceled' : ''}`
}

/** The keys of metadata that have changed, a line each. */
export function metadataLines(metadata: JsonObject, before: JsonObject): readonly string[] {
  const changed = Object.keys(metadata).filter((key) => JSON.stringify(metadata[key]) !== JSON.stringify(before[key]))
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(metadata, key))
  return [...changed.map((key) => `  ${printable(key)}: ${shown(metadata[key])}`), ...gone.map((key) => `  ${printable(key)} is gone`)]
}

/** A chunk of the stream that `logger` writes; what is no such line is shown as it is. */
export function logLine(chunk: Json, { style }: Output): string {
  if (!isJsonObject(chunk) || typeof chunk.message !== 'string' || typeof chunk.level !== 'string') return `  ${shown(chunk, 2000)}`
  const { level, message, at: _at, ...fields } = chunk
  const tail = Object.keys(fields).length === 0 ? '' : ` ${style('dim', shown(fields, 500))}`
  const painted = level === 'error' ? style('red', level) : level === 'warn' ? style('yellow', level) : style('dim', level)
  return `  ${painted} ${shown(message, 2000)}${tail}`
}

/** How it ended. */
export function endLines(run: Run, { style }: Output): readonly string[] {
  const took = run.startedAt === null || run.finishedAt === null ? '' : ` after ${durationText(run.finishedAt - run.startedAt)}`
  return [
    `${style(styleOfStatus(run), run.status)}${took}`,
    ...(run.error ? [`  ${printable(run.error.type)}: ${shown(run.error.message, 2000)}`] : []),
    ...(run.output === undefined || run.output === null ? [] : [`  output: ${shown(run.output, 2000)}`]),
  ]
}
