// Whoever has lost an answer says the same again, under the same number: it is answered as before, and nothing is done twice.
import type { Writer } from '../protocol/engine.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import { checkWriter } from './names.ts'
import type { Turn } from './turn.ts'

/** @returns what a repeat was answered; `undefined` for what is said for the first time. @throws InvalidRequestError for what was said before the last. */
export function answerOfRepeat<T>(turn: Turn, run: string, writer: Writer, stream?: string): T | undefined {
  checkWriter(writer)
  const { id, sequence } = writer
  const last = turn.storage.answered<T>(run, nameOf(writer, stream))
  if (!last || sequence > last.sequence) return undefined
  if (sequence < last.sequence) throw new InvalidRequestError(`${sequence} of ${id} comes after its ${last.sequence}`)
  return last.answer
}

export function rememberAnswer(turn: Turn, run: string, writer: Writer, answer: unknown, stream?: string): void {
  turn.storage.remember(run, nameOf(writer, stream), { sequence: writer.sequence, answer }, turn.now)
}

/** A writer counts its commits and its chunks of each stream apart. Neither name has a blank. */
const nameOf = ({ id }: Writer, stream: string | undefined): string => (stream === undefined ? id : `${stream} ${id}`)
