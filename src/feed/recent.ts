// What was made of texts lately, for those who come to the same text a little later. Bounded by the sizes of what is kept: it is a help, never a store.

export class Recent<Made> {
  readonly #most: number
  readonly #made = new Map<string, { readonly made: Made; readonly size: number }>()
  #size = 0

  /** @param most - of all sizes together. */
  constructor(most: number) {
    this.#most = most
  }

  get(text: string): Made | undefined {
    return this.#made.get(text)?.made
  }

  /** Keeps it, and lets go of the oldest where it becomes too much. */
  keep(text: string, made: Made, size: number): Made {
    this.#size += size - (this.#made.get(text)?.size ?? 0)
    this.#made.set(text, { made, size })
    for (const [oldest, { size: freed }] of this.#made) {
      if (this.#size <= this.#most) break
      this.#made.delete(oldest)
      this.#size -= freed
    }
    return made
  }

  clear(): void {
    this.#made.clear()
    this.#size = 0
  }
}
