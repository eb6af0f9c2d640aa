// A page with a start button over a scripted feed: the hooks know no difference to a server.
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { RunfeedProvider, useCancelRun, useRun, useRunHistory, useTriggerRun } from 'runfeed/react'
import { createScriptedFeed, type ScriptedFeed, type ScriptedReaction } from 'runfeed/testing'
import { type ReactElement, useSyncExternalStore } from 'react'
import { expect, test } from 'vitest'

const bake: ScriptedReaction = ({ id, payload }) => [
  { at: 100, run: { id, status: 'EXECUTING', metadata: { loaves: (payload as { readonly loaves: number }).loaves } } },
  { at: 900, run: { id, status: 'COMPLETED' } },
]

function Oven({ task }: { readonly task: string }): ReactElement {
  const { trigger, handle, status, error } = useTriggerRun<{ readonly loaves: number }>(task)
  const { run } = useRun(handle)
  const { cancel } = useCancelRun(handle)
  const { versions } = useRunHistory(handle)
  return (
    <>
      <button type="button" onClick={() => void trigger({ loaves: 4 }, { tags: ['rye'] })}>
        Bake
      </button>
      <button type="button" onClick={() => void cancel()}>
        Stop
      </button>
      <output>
        {status} {error?.type} {run?.status} {JSON.stringify(run?.metadata)}
      </output>
      <ol>
        {versions?.map(({ version, patch }) => (
          <li key={version}>{patch.map(({ path }) => path).join(' ')}</li>
        ))}
      </ol>
    </>
  )
}

function Page({ feed, task }: { readonly feed: ScriptedFeed; readonly task: string }): ReactElement {
  const client = useSyncExternalStore(feed.client.subscribe, feed.client.getSnapshot, feed.client.getSnapshot)
  return (
    <RunfeedProvider client={client}>
      <Oven task={task} />
    </RunfeedProvider>
  )
}
const said = (): string | undefined => screen.getByRole('status').textContent?.trim()
const says = (text: string): Promise<unknown> => waitFor(() => expect(said()).toBe(text))
const press = (name: string): boolean => fireEvent.click(screen.getByRole('button', { name }))

test('a start button starts, a stop button stops, and going back undoes it', async () => {
  const feed = createScriptedFeed({ tasks: { bake }, at: 50 })
  render(<Page feed={feed} task="bake" />)
  press('Bake')
  await says('success  QUEUED {}')
  expect(feed.calls).toEqual([{ action: 'trigger', at: 50, task: 'bake', payload: { loaves: 4 }, options: { tags: ['rye'] }, run: 'run_triggered_1' }])
  act(() => feed.at(200))
  await says('success  EXECUTING {"loaves":4}')
  await waitFor(() => expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual([expect.stringContaining('/metadata/loaves')]))
  press('Stop')
  await says('success  CANCELED {"loaves":4}')
  await waitFor(() => expect(screen.getAllByRole('listitem').at(-1)?.textContent).toContain('/finishedAt'))
  act(() => feed.at(150))
  await says('success  EXECUTING {"loaves":4}')
  act(() => feed.at(2000))
  await says('success  COMPLETED {"loaves":4}')
})

test('a task that is not there is an error of the button', async () => {
  render(<Page feed={createScriptedFeed({ tasks: { bake } })} task="fry" />)
  press('Bake')
  await waitFor(() => expect(said()).toBe('error not_found'))
})
