// A text, token by token, at a given speed: what a language model's answer looks like, without one.
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { type Task, task } from 'runfeed/task'
import type { InputOf, OutputOf } from 'runfeed'
import { streamText } from '../contracts.ts'

const TEXT = new URL('../text/alice.txt', import.meta.url)

export type StreamTextTask = Task<'stream-text', InputOf<typeof streamText.payload>, OutputOf<typeof streamText.output>>

export function streamTextTask(): StreamTextTask {
  return task(streamText, {
    async run({ tokensPerSecond }, { metadata, signal }) {
      // a token is a word, or a part of a long one, with the space before it
      const tokens = (await readFile(TEXT, 'utf8')).trim().match(/\s*\S{1,8}/g) ?? []
      metadata.set('progress', 0).set('tokens', 0)
      const paced = async function* (): AsyncGenerator<string, void, undefined> {
        const began = performance.now()
        for (const [index, token] of tokens.entries()) {
          // by the clock, not by adding up pauses: timers are late by a ms or so each
          const wait = began + (index * 1000) / tokensPerSecond - performance.now()
          if (wait > 0) await setTimeout(wait, undefined, { signal })
          yield token
          metadata.set('tokens', index + 1).set('progress', (index + 1) / tokens.length)
        }
      }
      await metadata.stream('text', paced())
      return { tokens: tokens.length }
    },
  })
}
