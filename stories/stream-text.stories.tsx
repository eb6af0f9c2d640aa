import { StreamText } from 'runfeed/components'
import type { Script, ScriptStep } from 'runfeed/testing'
import { expect, waitFor } from 'storybook/test'
import preview from '../.storybook/preview.ts'
import { Matrix, Moment } from './matrix.tsx'

const TEXT =
  'It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.\n\nHowever little known the feelings or views of such a man may be on his first entering a neighbourhood, this truth is so well fixed in the minds of the surrounding families, that he is considered the rightful property of some one or other of their daughters.'
const words = TEXT.split(/(?<=\s)/)
const write = (run: string, count: number = words.length): ScriptStep[] =>
  words.slice(0, count).map((word, index) => ({ at: 500 + index * 60, stream: { run, stream: 'text', chunks: [word] } }))

const life: Script = [
  { at: 0, run: { id: 'run_story' } },
  ...write('run_story'),
  { at: 5500, stream: { run: 'run_story', stream: 'text', state: 'closed' } },
  { at: 5600, run: { id: 'run_story', status: 'COMPLETED' } },
]
const END = 6000
const moments: Script = [
  ...['waiting', 'streaming', 'done', 'blank', 'errored', 'aborted', 'rtl'].map((name) => ({ at: 0, run: { id: `run_${name}` } })),
  ...write('run_streaming', 20),
  ...write('run_done'),
  { at: END, stream: { run: 'run_done', stream: 'text', state: 'closed' } },
  { at: END, run: { id: 'run_blank', status: 'COMPLETED' } },
  ...write('run_errored', 18),
  { at: END, stream: { run: 'run_errored', stream: 'text', state: 'errored', error: 'the model is overloaded' } },
  ...write('run_aborted', 21),
  { at: END, run: { id: 'run_aborted', status: 'CANCELED' } },
  { at: 0, stream: { run: 'run_rtl', stream: 'text', chunks: ['אמת מוכרת בעולם כולו היא, שרווק ', 'בעל הון נכבד זקוק בהכרח '] } },
  {
    at: 0,
    stream: { run: 'run_rtl', stream: 'mixed', chunks: ['First, left to right.\n', 'אחר כך מימין לשמאל, 3,376 שורות.\n', '42 rows', ' were imported.'] },
  },
  { at: 0, denied: { run: 'run_denied', stream: 'text', code: 'forbidden', message: 'This token may not read run_denied' } },
]
const gone: Script = [{ at: 0, run: { id: 'run_gone' } }, ...write('run_gone', 20), { at: END, connection: 'lost' }]

const meta = preview.meta({ title: 'StreamText' })

/** A text from before its first word to its end: move `at`, in ms. */
export const Playground = meta.story({
  args: { at: 2500 },
  argTypes: { at: { control: { type: 'range', min: 0, max: END, step: 60 } } },
  render: ({ at }) => (
    <div style={{ maxWidth: '65ch' }}>
      <Moment script={life} at={at}>
        <StreamText run="run_story" stream="text" />
      </Moment>
    </div>
  ),
  play: async ({ canvas }) => {
    await expect(await canvas.findByText(/It is a truth universally/)).toBeVisible()
  },
})

export const States = meta.story({
  render: () => (
    <Moment script={moments} at={END}>
      <Matrix
        width={320}
        cases={[
          { name: 'waiting', show: <StreamText run="run_waiting" stream="text" /> },
          { name: 'streaming', show: <StreamText run="run_streaming" stream="text" /> },
          { name: 'done', show: <StreamText run="run_done" stream="text" /> },
          { name: 'done, nothing written', show: <StreamText run="run_blank" stream="text" /> },
          { name: 'errored', show: <StreamText run="run_errored" stream="text" /> },
          { name: 'aborted', show: <StreamText run="run_aborted" stream="text" /> },
          { name: 'empty: no run', show: <StreamText run={null} stream="text" /> },
          { name: 'error', show: <StreamText run="run_denied" stream="text" /> },
          {
            name: 'reconnecting',
            show: (
              <Moment script={gone} at={END}>
                <StreamText run="run_gone" stream="text" />
              </Moment>
            ),
          },
          { name: 'both directions', show: <StreamText run="run_rtl" stream="mixed" /> },
          { name: 'both directions, right to left', dir: 'rtl', show: <StreamText run="run_rtl" stream="mixed" /> },
          { name: 'right to left', dir: 'rtl', show: <StreamText run="run_rtl" stream="text" lang="he" /> },
        ]}
      />
    </Moment>
  ),
  play: async ({ canvas }) => {
    const state = (name: string): Element | null => canvas.getByRole('region', { name }).querySelector('.rf-stream')
    for (const name of ['waiting', 'streaming', 'done', 'errored', 'aborted', 'error'])
      await waitFor(() => expect(state(name)).toHaveAttribute('data-state', name))
    // a lost connection does not show at once
    await waitFor(() => expect(state('reconnecting')).toHaveTextContent('Reconnecting…'), { timeout: 5000 })
    await expect(state('errored')).toHaveTextContent('the model is overloaded')
  },
})

const odd: Script = [
  { at: 0, run: { id: 'run_odd' } },
  { at: 0, stream: { run: 'run_odd', stream: 'emoji', chunks: ['A family in two chunks: 👩‍👩', '‍👧‍👦 and half a pair \ud83d', '\ude00.'] } },
  { at: 0, stream: { run: 'run_odd', stream: 'long', chunks: ['Pneumonoultramicroscopicsilicovolcanoconiosis'.repeat(6)] } },
  { at: 0, stream: { run: 'run_odd', stream: 'lines', chunks: ['one\n', '  two, indented\n', '\n', 'four'] } },
  {
    at: 0,
    stream: {
      run: 'run_odd',
      stream: 'json',
      chunks: [
        { level: 'info', line: 'Read 3,376 rows' },
        { level: 'warn', line: 'Row 12 has no city' },
      ],
    },
  },
  { at: 0, stream: { run: 'run_odd', stream: 'markup', chunks: ['<img src=x onerror="alert(1)"> is text'] } },
]
const line = (part: unknown): string => {
  const { level, line: text } = part as { readonly level: string; readonly line: string }
  return `${level.padEnd(5)} ${text}\n`
}

export const Edge = meta.story({
  render: () => (
    <Moment script={odd} at={0}>
      <Matrix
        width={280}
        cases={[
          { name: 'characters split between chunks', show: <StreamText run="run_odd" stream="emoji" /> },
          { name: 'one word, very long', show: <StreamText run="run_odd" stream="long" /> },
          { name: 'lines', show: <StreamText run="run_odd" stream="lines" /> },
          { name: 'objects', show: <StreamText run="run_odd" stream="json" format={line} style={{ fontFamily: 'ui-monospace, monospace', fontSize: 13 }} /> },
          { name: 'markup', show: <StreamText run="run_odd" stream="markup" /> },
        ]}
      />
    </Moment>
  ),
  play: async ({ canvas }) => {
    await waitFor(() => expect(canvas.getByRole('region', { name: /split/ })).toHaveTextContent('👩‍👩‍👧‍👦 and half a pair 😀.'))
    await waitFor(() => expect(canvas.getByRole('region', { name: 'objects' })).toHaveTextContent('warn Row 12 has no city'))
    await expect(canvas.getByRole('region', { name: 'markup' })).toHaveTextContent('<img')
  },
})
