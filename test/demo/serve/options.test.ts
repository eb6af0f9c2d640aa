// What the demo's command line refuses, each in one sentence.
import { expect, test } from 'vitest'
import { readOptions } from '../../../demo/serve/options.ts'

const refusal = (...args: readonly string[]): string => {
  try {
    return JSON.stringify(readOptions(args))
  } catch (thrown) {
    return (thrown as Error).message
  }
}

test.each([
  [['--data='], '--data is empty; name a folder, or leave it out'],
  [['--data', ' '], '--data is empty; name a folder, or leave it out'],
  [['--file='], '--file is empty; name a CSV file'],
  [['--port='], '--port is ""; it is a whole number from 0 to 65535'],
  [['--port', '-5'], '--port lacks its value; one that begins with a dash is written --port=…'],
  [['--port=-5'], '--port is "-5"; it is a whole number from 0 to 65535'],
  [['--file', '--data', 'x'], '--file lacks its value; one that begins with a dash is written --file=…'],
])('%j is refused', (args, message) => {
  expect(refusal(...args)).toBe(message)
})
