// Reads a text sentence by sentence, says on the way what it speaks of, and writes down the three sentences that say most.
// `runfeed serve --tasks tasks/digest.ts` executes it; Next never loads it.
import { setTimeout } from 'node:timers/promises'
import { task } from 'runfeed/task'
import { digest as contract } from '../lib/contract.ts'
import { sentencesOf, summaryOf, termsOf, wordsOf } from './text.ts'

/** As if it asked somebody: ms for a sentence that it reads, and for a word that it writes. */
const [READ_MS, WRITE_MS] = [90, 45]

export const digest = task(contract, {
  // a server that was stopped in the middle tries it once more
  retry: { maxAttempts: 2 },
  async run({ title, text }, { metadata, signal }) {
    const sentences = sentencesOf(text)
    const counts = new Map<string, number>()
    // an earlier attempt may have counted already
    metadata.set('title', title).set('sentences', sentences.length).set('read', 0).set('words', 0).set('terms', [])
    for (const sentence of sentences) {
      await setTimeout(READ_MS, undefined, { signal })
      for (const term of termsOf(sentence)) counts.set(term, (counts.get(term) ?? 0) + 1)
      const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 8)
      metadata
        .increment('read')
        .increment('words', wordsOf(sentence).length)
        .set(
          'terms',
          most.map(([term, count]) => ({ term, count })),
        )
    }
    const words =
      summaryOf(sentences, counts)
        .join(' ')
        .match(/\S+\s*/g) ?? []
    const paced = async function* (): AsyncGenerator<string, void, undefined> {
      for (const word of words) {
        await setTimeout(WRITE_MS, undefined, { signal })
        yield word
      }
    }
    await metadata.stream('summary', paced())
    return { sentences: sentences.length, words: words.length }
  },
})
