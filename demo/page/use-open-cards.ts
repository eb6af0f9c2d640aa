// Which cards are open. What runs or is newest opens when it is first seen; from then on only the reader opens and closes it: a card that
// closes by itself takes away what is being read, and the focus within it.
import { useState } from 'react'

interface CardRun {
  readonly id: string
  readonly finishedAt: number | null
}

export interface OpenCards {
  isOpen(id: string): boolean
  toggle(id: string): void
}

/** @param runs - newest first. */
export function useOpenCards(runs: readonly CardRun[]): OpenCards {
  const [cards, setCards] = useState<ReadonlyMap<string, boolean>>(new Map())
  const added = runs.flatMap(({ id, finishedAt }, index) => (cards.has(id) ? [] : [[id, index === 0 || finishedAt === null] as const]))
  // while rendering, so that no card is shown closed first
  if (added.length > 0) setCards(new Map([...cards, ...added]))
  const isOpen = (id: string): boolean => cards.get(id) ?? false
  return { isOpen, toggle: (id) => setCards(new Map(cards).set(id, !isOpen(id))) }
}
