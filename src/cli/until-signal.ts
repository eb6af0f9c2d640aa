// Ctrl+C and its like, for what runs until it is stopped.
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Resolves with the first of them. Later ones do nothing: npm passes the terminal's Ctrl+C on, so that it comes twice. */
export const untilSignal = async (): Promise<(typeof SIGNALS)[number]> =>
  await new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve(signal))
  })

/** Ends the process when `stop` has, with 0, or after `limit` ms: what hangs then would hang for ever. @throws what `stop` does */
export async function stopWithin(limit: number, stop: () => Promise<void>): Promise<never> {
  let code = 0
  setTimeout(() => process.exit(code), limit)
  try {
    await stop()
  } catch (thrown) {
    code = 1
    throw thrown
  }
  // a task may have left a timer or a socket behind
  process.exit(0)
}
