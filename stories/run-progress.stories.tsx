import { RunProgress } from 'runfeed/components'
import type { Script, ScriptStep } from 'runfeed/testing'
import { expect, waitFor } from 'storybook/test'
import preview from '../.storybook/preview.ts'
import { Matrix, Moment } from './matrix.tsx'

const TOTAL = 3376
const rows = (id: string, from: number, to: number, step: number): ScriptStep[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => {
    const at = from + index * step
    return { at, run: { id, metadata: { totalRows: TOTAL, processedRows: Math.min(TOTAL, Math.round(at * 0.412)) } } }
  })

const life: Script = [
  { at: 0, run: { id: 'run_import', status: 'QUEUED' } },
  { at: 200, run: { id: 'run_import', status: 'EXECUTING' } },
  ...rows('run_import', 400, 8200, 100),
  { at: 8400, run: { id: 'run_import', status: 'COMPLETED' } },
]
const at = 5000
const moments: Script = [
  ...['going', 'failed', 'canceled', 'done', 'rejected', 'rtl'].flatMap((name) => [
    { at: 0, run: { id: `run_${name}` } },
    ...rows(`run_${name}`, 200, at, 200),
  ]),
  { at, run: { id: 'run_failed', status: 'CRASHED' } },
  { at, run: { id: 'run_canceled', status: 'CANCELED' } },
  { at, run: { id: 'run_done', status: 'COMPLETED', metadata: { processedRows: TOTAL } } },
  { at, run: { id: 'run_rejected', metadata: { rejected: 412 } } },
  { at: 0, run: { id: 'run_new', status: 'QUEUED' } },
  { at: 0, run: { id: 'run_blind' } },
  { at: 0, run: { id: 'run_plain', metadata: { progress: 0.3 } } },
  { at: 0, denied: { run: 'run_denied', code: 'forbidden', message: 'This token may not read run_denied' } },
]
const gone: Script = [{ at: 0, run: { id: 'run_gone' } }, ...rows('run_gone', 200, 4800, 200), { at: 5000, connection: 'lost' }]
const keys = { value: 'processedRows', max: 'totalRows', unit: 'rows', locale: 'en' } as const

const meta = preview.meta({ title: 'RunProgress' })

/** An import from its beginning to its end: move `at`, in ms. */
export const Playground = meta.story({
  args: { at: 5000 },
  argTypes: { at: { control: { type: 'range', min: 0, max: 9000, step: 100 } } },
  render: (args) => (
    <div style={{ maxWidth: 560 }}>
      <Moment script={life} at={args.at}>
        <RunProgress run="run_import" label="airports.csv" {...keys} />
      </Moment>
    </div>
  ),
  play: async ({ canvas }) => {
    const bar = await canvas.findByRole('progressbar', { name: 'airports.csv' })
    await waitFor(() => expect(bar).toHaveAttribute('aria-valuenow', '61'))
    await expect(bar).toHaveAttribute('aria-valuetext', '61%, 2,060 of 3,376 rows')
  },
})

export const States = meta.story({
  render: () => (
    <Moment script={moments} at={at}>
      <Matrix
        width={320}
        cases={[
          { name: 'running', show: <RunProgress run="run_going" label="airports.csv" {...keys} /> },
          { name: 'running, some of it failed', show: <RunProgress run="run_rejected" label="airports.csv" failed="rejected" {...keys} /> },
          { name: 'a fraction', show: <RunProgress run="run_plain" label="Thumbnails" locale="en" /> },
          { name: 'indeterminate', show: <RunProgress run="run_blind" label="Looking for rows" /> },
          { name: 'queued', show: <RunProgress run="run_new" label="airports.csv" {...keys} /> },
          { name: 'complete', show: <RunProgress run="run_done" label="airports.csv" {...keys} /> },
          { name: 'failed', show: <RunProgress run="run_failed" label="airports.csv" {...keys} /> },
          { name: 'canceled', show: <RunProgress run="run_canceled" label="airports.csv" {...keys} /> },
          { name: 'loading', show: <RunProgress run="run_unknown" label="airports.csv" /> },
          { name: 'empty: no run', show: <RunProgress run={null} label="airports.csv" /> },
          { name: 'error', show: <RunProgress run="run_denied" label="airports.csv" /> },
          {
            name: 'reconnecting',
            show: (
              <Moment script={gone} at={5000}>
                <RunProgress run="run_gone" label="airports.csv" {...keys} />
              </Moment>
            ),
          },
          { name: 'left to right, on a page that goes the other way', dir: 'rtl', show: <RunProgress run="run_rtl" label="airports.csv (2 of 3)" {...keys} /> },
          {
            name: 'right to left',
            dir: 'rtl',
            show: (
              <RunProgress
                run="run_rtl"
                label="ייבוא שדות תעופה"
                value="processedRows"
                max="totalRows"
                unit="שורות"
                locale="he"
                lang="he"
                words={{ of: (value, max) => `${value} מתוך ${max}`, left: (time) => `נותרו כ־${time}`, perSecond: (amount) => `${amount} לשנייה` }}
              />
            ),
          },
        ]}
      />
    </Moment>
  ),
  play: async ({ canvas }) => {
    // a lost connection does not show at once
    await waitFor(() => expect(canvas.getByRole('region', { name: 'reconnecting' })).toHaveTextContent('Reconnecting…'), { timeout: 5000 })
    const bar = (name: string): Element | null => canvas.getByRole('region', { name }).querySelector('[role=progressbar]')
    await waitFor(() => expect(bar('failed')).toHaveAttribute('aria-valuenow', '61'))
    await expect(bar('complete')).toHaveAttribute('aria-valuenow', '100')
    await expect(bar('indeterminate')).not.toHaveAttribute('aria-valuenow')
    for (const name of ['error', 'queued', 'loading']) await expect(bar(name)).not.toHaveAttribute('aria-valuenow')
    await expect(canvas.getByRole('region', { name: 'queued' })).toHaveTextContent('Waiting to start')
    await expect(bar('right to left')).toHaveAttribute('aria-valuetext', expect.stringContaining('2,060 מתוך 3,376'))
  },
})

const odd: Script = [
  { at: 0, run: { id: 'run_zero', metadata: { done: 0, total: 0 } } },
  { at: 0, run: { id: 'run_over', metadata: { done: 12, total: 10 } } },
  { at: 0, run: { id: 'run_all', metadata: { done: 10, total: 10 } } },
  { at: 0, run: { id: 'run_back', metadata: { done: 7, total: 10 } } },
  { at: 100, run: { id: 'run_back', metadata: { total: 40 } } },
  { at: 0, run: { id: 'run_text', metadata: { done: 'many' } } },
  { at: 0, run: { id: 'run_one', metadata: { done: 999_000, total: 1_000_000, bad: 1 } } },
]

export const Edge = meta.story({
  args: { at: 0 },
  argTypes: { at: { control: { type: 'range', min: 0, max: 100, step: 100 } } },
  render: (args) => (
    <Moment script={odd} at={args.at}>
      <Matrix
        width={240}
        cases={[
          { name: 'none of none', show: <RunProgress run="run_zero" value="done" max="total" /> },
          { name: 'more than all', show: <RunProgress run="run_over" value="done" max="total" /> },
          { name: 'all, and it still runs', show: <RunProgress run="run_all" value="done" max="total" /> },
          { name: 'the total grew (at 100)', show: <RunProgress run="run_back" value="done" max="total" /> },
          { name: 'no number', show: <RunProgress run="run_text" value="done" max="total" /> },
          { name: 'NaN', show: <RunProgress run="run_all" value={() => Number.NaN} max={Number.POSITIVE_INFINITY} /> },
          { name: 'one of a million failed', show: <RunProgress run="run_one" value="done" max="total" failed="bad" /> },
          {
            name: 'a long name in a narrow place',
            show: (
              <div style={{ maxWidth: 200 }}>
                <RunProgress run="run_one" value="done" max="total" unit="measurements" label="quarterly-measurements-of-all-stations-2029-final-final.csv" />
              </div>
            ),
          },
          { name: 'bar alone', show: <RunProgress run="run_back" value="done" max="total" details={false} /> },
        ]}
      />
    </Moment>
  ),
  play: async ({ canvas }) => {
    const bar = (name: string): Element | null => canvas.getByRole('region', { name }).querySelector('[role=progressbar]')
    await waitFor(() => expect(bar('all, and it still runs')).toHaveAttribute('aria-valuenow', '99'))
    await expect(bar('more than all')).toHaveAttribute('aria-valuenow', '99')
    for (const name of ['none of none', 'no number', 'NaN']) await expect(bar(name)).not.toHaveAttribute('aria-valuenow')
  },
})

const german = {
  locale: 'de',
  lang: 'de',
  words: {
    of: (value: string, max: string) => `${value} von ${max}`,
    left: (time: string) => `noch etwa ${time}`,
    perSecond: (amount: string) => `${amount} pro Sekunde`,
    queued: 'Wartet auf den Beginn',
    failedAt: (percent: string) => `Fehlgeschlagen bei ${percent}`,
  },
} as const
const arabic = {
  locale: 'ar-EG',
  lang: 'ar',
  words: {
    of: (value: string, max: string) => `${value} من ${max}`,
    left: (time: string) => `بقي نحو ${time}`,
    perSecond: (amount: string) => `${amount} في الثانية`,
    queued: 'في انتظار البدء',
    failedAt: (percent: string) => `فشل عند ${percent}`,
  },
} as const
const counted = { value: 'processedRows', max: 'totalRows' } as const

/** Long words in narrow places, and other letters and digits. */
export const Languages = meta.story({
  render: () => (
    <Moment script={moments} at={at}>
      <Matrix
        width={220}
        cases={[
          { name: 'German, running', show: <RunProgress run="run_going" label="Übertragungsgeschwindigkeit.csv" unit="Zeilen" {...counted} {...german} /> },
          { name: 'German, queued', show: <RunProgress run="run_new" label="Preisliste.csv" {...german} /> },
          { name: 'German, failed', show: <RunProgress run="run_failed" label="Flughäfen.csv" unit="Zeilen" {...counted} {...german} /> },
          { name: 'Arabic, running', dir: 'rtl', show: <RunProgress run="run_going" label="استيراد المطارات" unit="صفًا" {...counted} {...arabic} /> },
          { name: 'Arabic, queued, a name with other letters', dir: 'rtl', show: <RunProgress run="run_new" label="price-list.csv" {...arabic} /> },
          { name: 'Arabic, failed', dir: 'rtl', show: <RunProgress run="run_failed" label="استيراد المطارات" unit="صفًا" {...counted} {...arabic} /> },
        ]}
      />
    </Moment>
  ),
  play: async ({ canvas }) => {
    const bar = (name: string): Element | null => canvas.getByRole('region', { name }).querySelector('[role=progressbar]')
    await waitFor(() => expect(bar('German, running')).toHaveAttribute('aria-valuetext', expect.stringContaining('2.060 von 3.376 Zeilen')))
    await waitFor(() => expect(bar('Arabic, running')).toHaveAttribute('aria-valuetext', expect.stringContaining('٢٬٠٦٠ من ٣٬٣٧٦ صفًا')))
    await expect(bar('German, failed')).toHaveAttribute('aria-valuetext', expect.stringContaining('Fehlgeschlagen bei'))
  },
})
