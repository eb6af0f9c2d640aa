// A run that keeps everybody busy: it says something, streams something in letters of several bytes, and lets others run, over and over.
import { metadata, type Task, task } from 'runfeed/task'
import type { Json } from 'runfeed'

export const STEPS = 100
/** One to four bytes a letter in UTF-8: a cut within one must not become another letter. */
const LETTERS = ['a', 'é', '→', '𝄞', '👩‍🚀']

const letters = (step: number): string => LETTERS.map((letter) => `${letter}${step}`).join('')

export const NUMBERS: readonly Json[] = Array.from({ length: STEPS }, (_, step) => step)
export const WORDS: readonly Json[] = Array.from({ length: STEPS }, (_, step) => letters(step))
export const METADATA = { done: STEPS, last: [95, 96, 97, 98, 99], nested: { step: STEPS - 1, schlüssel: letters(STEPS - 1) } }

export const busy: Task<'busy', unknown, void> = task({
  id: 'busy',
  run: async () => {
    const numbers = async function* (): AsyncGenerator<number, void, undefined> {
      for (let i = 0; i < STEPS; i++) {
        metadata.increment('done').append('last', i, { max: 5 }).set('$.nested.step', i).set('$.nested["schlüssel"]', letters(i))
        yield i
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    const words = async function* (): AsyncGenerator<string, void, undefined> {
      for (let i = 0; i < STEPS; i++) {
        yield letters(i)
        if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 15))
      }
    }
    await Promise.all([metadata.stream('numbers', numbers()), metadata.stream('words', words())])
  },
})
