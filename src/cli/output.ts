// What a command says: results on stdout, everything else on stderr, so that a result can be piped. Colour is for terminals, and NO_COLOR is honoured.
import { stripVTControlCharacters, styleText } from 'node:util'
import type { WriteStream } from 'node:tty'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export interface Output {
  /** Results are JSON, one value on each line. */
  readonly isJson: boolean
  /** The output is a terminal, on which lines may be drawn again. */
  readonly isLive: boolean
  readonly stream: WriteStream
  /** A result, for people. Silent where they are JSON. */
  readonly line: (text: string) => void
  /** A result, for programs. Silent where they are for people. */
  readonly json: (value: unknown) => void
  /** What is no result, on stderr. Silent where results are JSON: what reads them may read both. */
  readonly note: (text: string) => void
  readonly style: (style: Style, text: string) => string
}

export function outputOf(isJson: boolean): Output {
  const { stdout, stderr } = process
  return {
    isJson,
    isLive: stdout.isTTY && !isJson,
    stream: stdout,
    line: (text) => void (isJson || stdout.write(`${text}\n`)),
    json: (value) => void (isJson && stdout.write(`${JSON.stringify(value)}\n`)),
    note: (text) => void (isJson || stderr.write(`${text}\n`)),
    style: (style, text) => (hasColours(stdout) ? styleText(style, text, { validateStream: false }) : text),
  }
}

/** The stream's own answer honours NO_COLOR, FORCE_COLOR and TERM=dumb. */
export const hasColours = (stream: WriteStream): boolean => stream.isTTY && stream.hasColors()

/** What a run says of itself may hold what a terminal obeys. */
export const printable = (text: string): string => stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Bidi_C}]+/gu, ' ')

/** A value on one line, at most so many characters of it. */
export function shown(value: unknown, limit = 200): string {
  const text = printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'))
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}
