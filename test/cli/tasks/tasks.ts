// Tasks as a user's file has them: TypeScript, named and default exports, hooks for all.
import { defineConfig, logger, metadata, task } from 'runfeed/task'

interface Count {
  readonly to: number
  readonly fails?: boolean
}

export const count = task({
  id: 'count',
  run: async ({ to, fails = false }: Count) => {
    metadata.set('total', to).set('phase', 'counting')
    logger.info('counting', { to })
    for (let done = 1; done <= to; done++) {
      metadata.set('done', done)
      await metadata.flush()
    }
    metadata.del('phase')
    if (fails) throw new Error('told to fail')
    return { counted: to }
  },
})

export const words = task({
  id: 'words',
  run: async (text: string) => {
    for await (const _word of await metadata.stream('text', wordsOf(text)));
    return text.length
  },
})

async function* wordsOf(text: string): AsyncGenerator<string> {
  yield* text.split(/(?<= )/)
}

/** Until it is canceled, or its worker stops. */
export const wait = task({
  id: 'wait',
  run: async (_: null, { signal }) => {
    metadata.set('isWaiting', true)
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  },
})

export const config = defineConfig({ onComplete: () => void metadata.set('isHooked', true) })

export const notATask = { id: 'other', run: () => {} }

export default task({ id: 'greet', run: (name: string) => `hello ${name}` })
