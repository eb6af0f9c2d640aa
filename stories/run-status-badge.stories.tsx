import { RUN_STATUSES } from 'runfeed'
import { RunStatusBadge } from 'runfeed/components'
import type { Script } from 'runfeed/testing'
import { expect } from 'storybook/test'
import preview from '../.storybook/preview.ts'
import { Matrix, Moment } from './matrix.tsx'

const life: Script = [
  { at: 0, run: { id: 'run_life', status: 'QUEUED' } },
  { at: 1000, run: { id: 'run_life', status: 'DEQUEUED' } },
  { at: 1500, run: { id: 'run_life', status: 'EXECUTING' } },
  { at: 4000, run: { id: 'run_life', status: 'WAITING' } },
  { at: 6000, run: { id: 'run_life', status: 'EXECUTING' } },
  { at: 9000, run: { id: 'run_life', status: 'COMPLETED' } },
]
const lost: Script = [
  { at: 0, run: { id: 'run_lost', status: 'EXECUTING' } },
  { at: 0, denied: { run: 'run_denied', code: 'forbidden', message: 'This token may not read run_denied' } },
]

const meta = preview.meta({ title: 'RunStatusBadge' })

/** One run through its life: move `at`, in ms. */
export const Playground = meta.story({
  args: { at: 2000 },
  argTypes: { at: { control: { type: 'range', min: 0, max: 10_000, step: 250 } } },
  render: ({ at }) => (
    <Moment script={life} at={at}>
      <RunStatusBadge run="run_life" />
    </Moment>
  ),
  play: async ({ canvas }) => {
    await expect(await canvas.findByText('Running')).toBeVisible()
  },
})

export const States = meta.story({
  render: () => (
    <Moment script={lost} at={0}>
      <Matrix
        width={180}
        cases={[
          ...RUN_STATUSES.map((status) => ({ name: status, show: <RunStatusBadge status={status} /> })),
          { name: 'a status of a newer server', show: <RunStatusBadge status="WAITING_FOR_APPROVAL" /> },
          { name: 'loading', show: <RunStatusBadge run="run_unknown" /> },
          { name: 'empty: no run', show: <RunStatusBadge run={null} /> },
          { name: 'error', show: <RunStatusBadge run="run_denied" /> },
          { name: 'reconnecting', show: <RunStatusBadge status="EXECUTING" stale /> },
          {
            name: 'right to left',
            dir: 'rtl',
            show: <RunStatusBadge status="EXECUTING" labels={{ EXECUTING: 'בביצוע' }} lang="he" />,
          },
        ]}
      />
    </Moment>
  ),
  play: async ({ canvas }) => {
    await expect(await canvas.findByText('Unavailable')).toBeVisible()
    await expect(canvas.getByText('Waiting for approval')).toBeVisible()
    await expect(canvas.getByText('Loading')).toBeVisible()
  },
})

export const Edge = meta.story({
  render: () => (
    <Matrix
      width={180}
      cases={[
        { name: 'too long for its place', show: <RunStatusBadge status="WAITING_FOR_THE_SECOND_REVIEWER_OF_THE_DAY" style={{ maxInlineSize: 180 }} /> },
        { name: 'no name at all', show: <RunStatusBadge status="" /> },
        { name: 'a name of Object.prototype', show: <RunStatusBadge status="constructor" /> },
        { name: 'larger text', show: <RunStatusBadge status="COMPLETED" style={{ fontSize: '1.25rem' }} /> },
        { name: 'as a link', show: <RunStatusBadge status="FAILED" render={<a href="#run">run</a>} /> },
        { name: 'styled by its state', show: <RunStatusBadge status="FAILED" style={({ tone }) => ({ borderRadius: tone === 'danger' ? 4 : 999 })} /> },
      ]}
    />
  ),
  play: async ({ canvas }) => {
    await expect(canvas.getByRole('link', { name: 'Failed' })).toHaveAttribute('data-tone', 'danger')
    await expect(canvas.getByText('Unknown')).toBeVisible()
  },
})
