// What a process says, while it does.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Heard {
  readonly process: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves when it has said so, on either output; rejects when it ended without. */
  readonly said: (what: RegExp) => Promise<RegExpExecArray>
  readonly ended: Promise<Ended>
}

export function heard(child: ChildProcess): Heard {
  const text = { out: '', err: '' }
  const listeners = new Set<() => void>()
  const hear = (name: 'out' | 'err') => (chunk: string) => {
    text[name] += chunk
    for (const listener of listeners) listener()
  }
  child.stdout?.setEncoding('utf8').on('data', hear('out'))
  child.stderr?.setEncoding('utf8').on('data', hear('err'))
  // `close`, not `exit`: what it said last may still be on its way
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code: code as number | null, stdout: text.out, stderr: text.err }))
  return {
    process: child,
    stdout: () => text.out,
    stderr: () => text.err,
    said: async (what) =>
      await new Promise((resolve, reject) => {
        const look = (): void => {
          const found = what.exec(text.out + text.err)
          if (!found) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
        void ended.then(({ code }) => reject(new Error(`it ended with ${code} and did not say ${what}:\n${text.out}${text.err}`)))
      }),
    ended,
  }
}
