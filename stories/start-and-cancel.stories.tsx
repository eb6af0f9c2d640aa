import { RunfeedError } from 'runfeed'
import type { ScriptedReaction, ScriptStep } from 'runfeed/testing'
import { type ReactElement, useState } from 'react'
import { expect, fireEvent, waitFor } from 'storybook/test'
import preview from '../.storybook/preview.ts'
import { ImportLauncher } from './import-launcher.tsx'
import { Matrix, Moment } from './matrix.tsx'

const TOTAL = 3376
const END = 8000

/** An import, from when somebody starts it. */
const importing: ScriptedReaction = ({ id }) => [
  { at: 500, run: { id, status: 'EXECUTING', metadata: { total: TOTAL, rows: 0 } } },
  ...Array.from({ length: 19 }, (_, tick): ScriptStep => ({ at: 700 + tick * 200, run: { id, metadata: { rows: Math.round((TOTAL * (tick + 1)) / 20) } } })),
  { at: 4600, run: { id, status: 'COMPLETED', metadata: { rows: TOTAL } } },
]
/** It tidies up before it stops. */
const tidying: ScriptedReaction = ({ id }) => [{ at: 600, run: { id, status: 'CANCELED', error: { type: 'canceled', message: 'stopped by hand' } } }]

/** On a busy machine too. */
const eventually = (check: () => unknown): Promise<unknown> => waitFor(check, { timeout: 15_000 })

const meta = preview.meta({ title: 'Start and cancel' })

function Scrubbed({ children }: { readonly children: ReactElement }): ReactElement {
  const [at, move] = useState(0)
  return (
    <div style={{ display: 'grid', gap: 16, maxWidth: 560 }}>
      <label style={{ display: 'grid', gap: 4, fontSize: 13, color: 'var(--rf-fg-muted)' }}>
        <span>
          Moment: <output style={{ fontVariantNumeric: 'tabular-nums' }}>{at} ms</output>
        </span>
        <input type="range" min={0} max={END} step={100} value={at} onChange={({ target }) => move(Number(target.value))} />
      </label>
      <Moment tasks={tasks} cancel={tidying} at={at}>
        {children}
      </Moment>
    </div>
  )
}
const tasks = { import: importing }

/** Start it at any moment, move on, cancel it, move back: what was asked for after a moment is not there before it. */
export const Playground = meta.story({
  render: () => (
    <Scrubbed>
      <ImportLauncher file="airports.csv" />
    </Scrubbed>
  ),
  play: async ({ canvas, userEvent }) => {
    const moment = (at: number): Promise<boolean> => fireEvent.change(canvas.getByRole('slider'), { target: { value: String(at) } })
    const button = (name: string): HTMLElement => canvas.getByRole('button', { name })
    await moment(1000)
    await userEvent.click(button('Start'))
    await eventually(() => expect(canvas.getByText('Queued')).toBeVisible())
    await moment(3500)
    const bar = canvas.getByRole('progressbar', { name: 'airports.csv' })
    await eventually(() => expect(bar).toHaveAttribute('aria-valuetext', '50%, 1,688 of 3,376 rows'))
    await userEvent.click(button('Cancel'))
    await eventually(() => expect(button('Stopping…')).toBeDisabled())
    await moment(5000)
    await eventually(() => expect(canvas.getByText('Canceled')).toBeVisible())
    await expect(bar).toHaveAttribute('aria-valuetext', 'Canceled at 50%, 1,688 of 3,376 rows')
    // the cancel was asked for at 3500: before it nobody has
    await moment(2500)
    await eventually(() => expect(button('Cancel')).toBeEnabled())
    await moment(6000)
    await eventually(() => expect(canvas.getByText('Completed')).toBeVisible())
  },
})

const running: ScriptedReaction = ({ id }) => [{ at: 0, run: { id, status: 'EXECUTING', metadata: { total: TOTAL, rows: 2060 } } }]
const cases: { readonly [name: string]: { readonly start: ScriptedReaction; readonly cancel?: ScriptedReaction } } = {
  'not started': { start: importing },
  starting: { start: () => new Promise(() => {}) },
  refused: {
    start: () => {
      throw new RunfeedError('forbidden', 'This token may not start imports. Ask for one with trigger:import.')
    },
  },
  queued: { start: importing },
  running: { start: running },
  stopping: { start: running, cancel: () => [] },
  canceled: { start: running },
  'cannot be canceled': {
    start: running,
    cancel: () => {
      throw new RunfeedError('forbidden', 'This token may not cancel imports.')
    },
  },
}
const shown = Object.entries(cases).map(([name, { start, cancel }]) => ({ name, tasks: { import: start }, cancel }))

export const States = meta.story({
  render: () => (
    <Matrix
      width={320}
      cases={shown.map(({ name, tasks: scripted, cancel }) => ({
        name,
        show: (
          <Moment tasks={scripted} {...(cancel && { cancel })} at={0}>
            <ImportLauncher file="airports.csv" />
          </Moment>
        ),
      }))}
    />
  ),
  play: async ({ canvas, userEvent }) => {
    const region = (name: string): HTMLElement => canvas.getByRole('region', { name })
    const click = async (name: string, label: string): Promise<void> => {
      const found = (): HTMLButtonElement | undefined => [...region(name).querySelectorAll('button')].find(({ textContent }) => textContent === label)
      await eventually(() => expect(found()).toBeEnabled())
      await userEvent.click(found() as HTMLButtonElement)
    }
    for (const { name } of shown.slice(1)) await click(name, 'Start')
    for (const name of ['stopping', 'canceled', 'cannot be canceled']) await click(name, 'Cancel')
    await eventually(() => expect(region('starting')).toHaveTextContent('Starting…'))
    await eventually(() => expect(region('refused')).toHaveTextContent('This token may not start imports'))
    await eventually(() => expect(region('queued')).toHaveTextContent('Waiting to start'))
    await eventually(() => expect(region('running')).toHaveTextContent('2,060 of 3,376 rows'))
    await eventually(() => expect(region('stopping')).toHaveTextContent('Stopping…'))
    await eventually(() => expect(region('canceled')).toHaveTextContent('Canceled at 61%'))
    await eventually(() => expect(region('cannot be canceled')).toHaveTextContent('This token may not cancel imports'))
    await expect(region('not started')).not.toHaveTextContent('Queued')
  },
})
