// What the demo's command line refuses, each in one sentence.
import { expect, test } from 'vitest'
import { readOptions } from '../../../demo/serve/options.ts'

test.each([['--data', '--data is empty; name a folder, or leave it out']])('an empty %s is refused', (option, message) => {
  for (const text of ['', ' ']) expect(() => readOptions([`${option}=${text}`])).toThrow(message)
})
