// `logger`: lines that people read beside a run.
import type { LogLevel } from './run-log.ts'
import { currentScope } from './run-scope.ts'

type Log = (message: string, fields?: object) => void

/**
 * Each line is a chunk `{ level, message, at, ...fields }` of the run's stream `log`; `at` is ms since the epoch, and a field that JSON cannot
 * hold becomes text. Nothing waits for it and it never throws. Outside a run, and after its end, lines go to the console.
 */
export interface Logger {
  readonly debug: Log
  readonly info: Log
  readonly log: Log
  readonly warn: Log
  readonly error: Log
}

const say =
  (level: LogLevel): Log =>
  (message, fields) => {
    try {
      if (currentScope()?.log.line(level, message, fields)) return
    } catch (thrown) {
      // a getter or a toString of the caller's: the console shows what it can
      console.error('runfeed: a line of the log could not be stored:', thrown)
    }
    console[level](message, ...(fields === undefined ? [] : [fields]))
  }

export const logger: Logger = { debug: say('debug'), info: say('info'), log: say('log'), warn: say('warn'), error: say('error') }
