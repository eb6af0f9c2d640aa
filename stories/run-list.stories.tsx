import type { Script, ScriptStep } from 'runfeed/testing'
import { expect, waitFor } from 'storybook/test'
import preview from '../.storybook/preview.ts'
import { Matrix, Moment } from './matrix.tsx'
import { RunDashboard } from './run-dashboard.tsx'

/** An import from its trigger to its end. */
function life(id: string, file: string, total: number, { from, to, end = 'COMPLETED' }: { from: number; to: number; end?: string }): readonly ScriptStep[] {
  const run = { id, task: 'import', tags: ['team:7'] }
  const ticks = Math.floor((to - from - 600) / 200)
  return [
    { at: from, run: { ...run, status: 'QUEUED', metadata: { file } } },
    { at: from + 500, run: { id, status: 'EXECUTING', metadata: { total, rows: 0 } } },
    ...Array.from({ length: ticks }, (_, tick) => ({
      at: from + 600 + tick * 200,
      run: { id, metadata: { rows: Math.round((total * (tick + 1)) / (ticks + 1)) } },
    })),
    { at: to, run: { id, status: end, ...(end === 'COMPLETED' && { metadata: { rows: total } }) } },
  ]
}
const END = 10_000

/** On a busy machine too. */
const eventually = (check: () => unknown): Promise<unknown> => waitFor(check, { timeout: 15_000 })

const day: Script = [
  ...life('run_1', 'airports.csv', 3376, { from: 0, to: 4200 }),
  ...life('run_2', 'customers.csv', 812, { from: 900, to: 3000, end: 'FAILED' }),
  ...life('run_3', 'orders-2029.csv', 18_204, { from: 1800, to: END }),
  ...life('run_4', 'suppliers.csv', 97, { from: 3400, to: 5600 }),
  ...life('run_5', 'price-list.csv', 2410, { from: 5200, to: 9400 }),
  ...life('run_6', 'returns.csv', 640, { from: 6400, to: 8000, end: 'CANCELED' }),
]
const imports = { task: 'import' } as const

const meta = preview.meta({ title: 'Live list' })

/** The imports of ten seconds: move `at`, in ms, and they come, go on and end. */
export const Playground = meta.story({
  args: { at: 5500 },
  argTypes: { at: { control: { type: 'range', min: 0, max: END, step: 100 } } },
  render: ({ at }) => (
    <div style={{ maxWidth: 560 }}>
      <Moment script={day} at={at}>
        <RunDashboard query={imports} />
      </Moment>
    </div>
  ),
  play: async ({ canvas }) => {
    await eventually(() => expect(canvas.getAllByRole('listitem').map(({ dataset }) => dataset['run'])).toEqual(['run_5', 'run_4', 'run_3', 'run_2', 'run_1']))
    await eventually(() => expect(canvas.getByText('2 running, 1 waiting, 2 over')).toBeVisible())
    const bar = canvas.getByRole('progressbar', { name: 'orders-2029.csv' })
    await eventually(() => expect(bar).toHaveAttribute('aria-valuetext', expect.stringContaining('of 18,204 rows')))
  },
})

const refused: Script = [
  { at: 0, denied: { query: imports, code: 'forbidden', message: 'This token may not list imports. Ask for one with read:tasks:import.' } },
]
const away: Script = [{ at: 0, connection: 'lost' }]
const gone: Script = [...day.filter(({ at }) => at <= 5500), { at: 5500, connection: 'lost' }]

export const States = meta.story({
  render: () => (
    <Matrix
      width={340}
      cases={[
        {
          name: 'live',
          show: (
            <Moment script={day} at={4500}>
              <RunDashboard query={imports} />
            </Moment>
          ),
        },
        {
          name: 'filtered: what is not over',
          show: (
            <Moment script={day} at={5500}>
              <RunDashboard query={{ task: 'import', status: ['QUEUED', 'EXECUTING'] }} />
            </Moment>
          ),
        },
        {
          name: 'all over',
          show: (
            <Moment script={day} at={END}>
              <RunDashboard query={imports} limit={3} />
            </Moment>
          ),
        },
        {
          name: 'reconnecting',
          show: (
            <Moment script={gone} at={5500}>
              <RunDashboard query={imports} limit={2} />
            </Moment>
          ),
        },
        {
          name: 'loading',
          show: (
            <Moment script={away} at={0}>
              <RunDashboard query={imports} />
            </Moment>
          ),
        },
        {
          name: 'empty',
          show: (
            <Moment script={day} at={0}>
              <RunDashboard query={{ tag: 'team:8' }} />
            </Moment>
          ),
        },
        {
          name: 'error',
          show: (
            <Moment script={refused} at={0}>
              <RunDashboard query={imports} />
            </Moment>
          ),
        },
        {
          name: 'right to left',
          dir: 'rtl',
          show: (
            <Moment script={day} at={2500}>
              <RunDashboard
                query={{ ids: ['run_1', 'run_2'] }}
                words={{
                  title: 'ייבוא',
                  empty: 'אין עדיין ייבוא',
                  loading: 'טוען…',
                  more: 'עוד',
                  stale: 'מתחבר מחדש…',
                  summary: (running) => `${running} בביצוע`,
                }}
              />
            </Moment>
          ),
        },
      ]}
    />
  ),
  play: async ({ canvas }) => {
    const region = (name: string): HTMLElement => canvas.getByRole('region', { name })
    const ids = (name: string): (string | undefined)[] => [...region(name).querySelectorAll<HTMLElement>('[data-run]')].map(({ dataset }) => dataset['run'])
    await eventually(() => expect(ids('live')).toEqual(['run_4', 'run_3', 'run_2', 'run_1']))
    await eventually(() => expect(ids('filtered: what is not over')).toEqual(['run_5', 'run_4', 'run_3']))
    await eventually(() => expect(ids('all over')).toEqual(['run_6', 'run_5', 'run_4']))
    await expect(region('all over')).toHaveTextContent('Show more')
    await eventually(() => expect(region('reconnecting')).toHaveTextContent('Reconnecting…'))
    await expect(ids('reconnecting')).toEqual(['run_5', 'run_4'])
    await eventually(() => expect(region('empty')).toHaveTextContent('No imports yet'))
    await eventually(() => expect(region('error')).toHaveTextContent('This token may not list imports'))
    await expect(region('loading')).toHaveTextContent('Loading…')
  },
})

const odd: Script = [
  {
    at: 0,
    run: { id: 'run_long', task: 'import', metadata: { file: 'quarterly-measurements-of-all-stations-2029-final-final-checked.csv', rows: 12, total: 48 } },
  },
  { at: 1, run: { id: 'run_without_a_name', task: 'import' } },
  { at: 2, run: { id: 'run_new', task: 'import', status: 'WAITING_FOR_APPROVAL', metadata: { file: 'a status of a newer server.csv' } } },
]
const many: Script = Array.from({ length: 60 }, (_, n) => ({
  at: n,
  run: { id: `run_${n + 1}`, task: 'import', status: n % 9 === 0 ? 'FAILED' : 'COMPLETED', metadata: { file: `part-${n + 1}.csv` } },
}))

export const Edge = meta.story({
  render: () => (
    <Matrix
      width={300}
      cases={[
        {
          name: 'names',
          show: (
            <Moment script={odd} at={2}>
              <RunDashboard query={imports} />
            </Moment>
          ),
        },
        {
          name: 'pages of 5 of sixty',
          show: (
            <Moment script={many} at={60}>
              <RunDashboard query={imports} limit={5} />
            </Moment>
          ),
        },
      ]}
    />
  ),
  play: async ({ canvas, userEvent }) => {
    const pages = canvas.getByRole('region', { name: 'pages of 5 of sixty' })
    const shown = (): (string | undefined)[] => [...pages.querySelectorAll<HTMLElement>('[data-run]')].map(({ dataset }) => dataset['run'])
    await eventually(() => expect(shown()).toEqual(['run_60', 'run_59', 'run_58', 'run_57', 'run_56']))
    await userEvent.click(canvas.getByRole('button', { name: 'Show more' }))
    await eventually(() => expect(shown()).toHaveLength(10))
    await expect(shown().at(-1)).toBe('run_51')
    await expect(canvas.getByText('Waiting for approval')).toBeVisible()
  },
})
