// The examples of docs/hooks.md and of the pages beside it, run: each shows what the page says that it shows, against the page's own task.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { render, waitFor } from '@testing-library/react'
import type { FunctionComponent } from 'react'
import { createRunClient } from 'runfeed'
import { RunfeedProvider } from 'runfeed/react'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { blocksOf, writeBlocks } from '../house/docs.ts'
import { startThread } from './thread.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const root = join(import.meta.dirname, '..', '..')
const { react, isCompiled } = inject('versions')
// a folder for each project: they run side by side
const folder = join(root, '.cache', `docs-hooks-${react}${isCompiled ? '-compiled' : ''}`)
const pages = ['hooks.md', ...readdirSync(join(root, 'docs', 'hooks')).map((name) => join('hooks', name))]
const blocks = pages.flatMap((page) => blocksOf(page, readFileSync(join(root, 'docs', page), 'utf8')))
writeBlocks(folder, join(root, 'tsconfig.json'), blocks)
const shown = blocks.filter(({ file, output }) => file.endsWith('.tsx') && output !== undefined)

interface ExampleProps {
  readonly id: string
  readonly parent: string
}

describe('an example of the documentation', () => {
  let url = ''
  let run: ExampleProps = { id: '', parent: '' }
  beforeAll(async () => {
    ;({ url } = await startThread(join(folder, 'hooks.md', 'tasks.ts'), afterAll))
    const client = createRunClient({ baseUrl: url })
    const [{ id }, { id: parent }] = await Promise.all([client.runs.trigger('bake', { loaves: 3 }), client.runs.trigger('bakery', null)])
    for (const each of [id, parent]) for await (const { finishedAt } of client.run(each)) if (finishedAt !== null) break
    client.close()
    run = { id, parent }
  })

  test('is there for each hook', () => {
    const code = shown.map((block) => block.code).join()
    for (const hook of [
      'useRun',
      'useRunMetadata',
      'useRunStream',
      'useRunText',
      'useRunProgress',
      'useRuns',
      'useRunChildren',
      'useRunHistory',
      'useTriggerRun',
      'useCancelRun',
      'useConnection',
      'useSuspenseRun',
      'useSuspenseRunMetadata',
    ])
      expect(code).toContain(`${hook}(`)
  })

  // what a legacy root does with Suspense is its own
  test.for(shown.filter(({ code }) => react !== '17' || !code.includes('Suspense')))('shows what the page says, at $at', async ({ file, output }) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const client = createRunClient({ baseUrl: url })
    onTestFinished(() => client.close())
    const { Example } = (await import(/* @vite-ignore */ join(folder, file))) as { readonly Example: FunctionComponent<ExampleProps> }
    const view = render(
      <RunfeedProvider client={client}>
        <Example {...run} />
      </RunfeedProvider>,
    )
    await waitFor(() => expect(view.container.textContent?.replaceAll(/\s+/g, ' ').trim()).toBe(output?.trim()))
  })
})
