// Containers that nobody else has yet. Few, mostly: for those a Set takes longer than all that is asked of it, as it gives each a hash.

const FEW = 16

export class Owned {
  readonly #few: object[] = []
  #many: Set<object> | undefined

  has(container: object): boolean {
    return this.#many ? this.#many.has(container) : this.#few.includes(container)
  }
  /** @param container - one that it has not. */
  add(container: object): void {
    if (this.#many) this.#many.add(container)
    else if (this.#few.push(container) > FEW) this.#many = new Set(this.#few)
  }
}
