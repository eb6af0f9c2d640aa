// Comparing by members, for what is replaced and never changed.

/** Whether each member of `next` is the very one of `old`; `old` may have others. */
export function hasSame<T extends object>(old: T, next: Partial<T>): boolean {
  for (const name in next) if (next[name] !== old[name]) return false
  return true
}
