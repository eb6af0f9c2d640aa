// Chance that can be had again: a failing test's name says its seed, and RUNFEED_SEED=<seed> runs that one alone.

/** mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** From 0 on, or the one that RUNFEED_SEED names, which may be any. */
export function seeds(count: number): readonly number[] {
  const only = process.env['RUNFEED_SEED']
  return only ? [Number(only)] : Array.from({ length: count }, (_, seed) => seed)
}
