// What takes minutes because it is about minutes: nobody's clock is moved, no heartbeat is shortened, and durations are held to figures.
// Such a case is a part of `npm run faults` and not of the tests.

/** @returns what was seen, in figures. @throws AssertionError that says what was not as it must be */
export type RealCase = () => Promise<string>

export const wait = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms))

/** Resolves once it is so; looks often enough for figures of 10 ms. @throws Error after `limit` ms */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, limit: number): Promise<void> {
  const end = performance.now() + limit
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limit} ms`)
    await wait(10)
  }
}

/** Runs what was put off, last first, whatever happens. */
export async function withCleanup<T>(body: (later: (task: () => unknown) => void) => Promise<T>): Promise<T> {
  const tasks: (() => unknown)[] = []
  try {
    return await body((task) => void tasks.push(task))
  } finally {
    for (const task of tasks.toReversed()) await task()
  }
}
