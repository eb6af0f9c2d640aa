// What an import tells: lines that are pushed as they happen, and read by the run's `log` stream.
import type { LogEntry } from '../contracts.ts'

export class Log implements AsyncIterable<LogEntry> {
  #lines: LogEntry[] = []
  #ended = false
  #wake = (): void => {}

  info(line: string): void {
    this.#push('info', line)
  }
  warn(line: string): void {
    this.#push('warn', line)
  }
  error(line: string): void {
    this.#push('error', line)
  }
  end(): void {
    this.#ended = true
    this.#wake()
  }

  #push(level: LogEntry['level'], line: string): void {
    this.#lines.push({ at: Date.now(), level, line })
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LogEntry, void, undefined> {
    for (;;) {
      const lines = this.#lines
      this.#lines = []
      yield* lines
      if (this.#lines.length > 0) continue
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
