// What a digest takes, says and gives. The task and the page import this one file, so neither can write or read anything else.
import { defineRun } from 'runfeed'
import { z } from 'zod'

export const MAX_TEXT = 100_000
export const tooLong = (length: number): string =>
  `That is ${length.toLocaleString('en')} characters, and ${MAX_TEXT.toLocaleString('en')} is the most. Leave some out.`

const count = z.number().int().min(0)

export const digest = defineRun({
  id: 'digest',
  payload: z.object({ title: z.string().min(1).max(80), text: z.string().min(1).max(MAX_TEXT) }),
  // one schema per key: each is there as soon as the task has written it
  metadata: {
    /** Again, because lists of runs come without payloads. */
    title: z.string(),
    sentences: count,
    read: count,
    words: count,
    /** What the text speaks of most, so far. */
    terms: z.array(z.object({ term: z.string(), count })),
  },
  streams: { summary: z.string() },
  output: z.object({ sentences: count, words: count }),
})
