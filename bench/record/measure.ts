// Figures that other load on the machine disturbs little: what is compared takes turns, and the median of several rounds counts.
import { percentile } from '../row.ts'

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Each in its turn, round by round. The first round warms up and is not counted. @returns the figures of each, by its name */
export async function inTurns<K extends string>(
  rounds: number,
  measures: { readonly [name in K]: () => Promise<number> },
): Promise<{ readonly [name in K]: number[] }> {
  const names = Object.keys(measures) as K[]
  const figures = Object.fromEntries(names.map((name): [string, number[]] => [name, []])) as { [name in K]: number[] }
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const figure = await measures[name]()
      if (round > 0) figures[name].push(figure)
    }
  return figures
}
