// Ctrl+C and its like, for what runs until it is stopped.
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Resolves with the first of them. Later ones do nothing: npm passes the terminal's Ctrl+C on, so that it comes twice. */
export const untilSignal = async (): Promise<(typeof SIGNALS)[number]> =>
  await new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve(signal))
  })

/** Ends the process with 0 when `stop` has, or after `limit` ms: what hangs then would hang for ever. */
export async function stopWithin(limit: number, stop: () => Promise<void>): Promise<never> {
  const late = setTimeout(() => process.exit(0), limit)
  await stop()
  clearTimeout(late)
  // a task may have left a timer or a socket behind
  process.exit(0)
}
