// What `watch` draws: a bar with lines around it that change in place on a terminal, lines that only come elsewhere.
import { MultiBar, type SingleBar } from 'cli-progress'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { durationText } from './duration-text.ts'
import { type Output, printable, shown } from './output.ts'
import { percentOf, type ProgressKeys, progressOf } from './progress.ts'
import { styleOfStatus } from './run-table.ts'
import { endLines, logLine, metadataLines, statusLine } from './run-words.ts'

export interface RunView {
  readonly run: (run: Run) => void
  readonly chunk: (chunk: Json) => void
  readonly note: (text: string) => void
  /** Leaves the terminal as it was, and says how it ended where it has. */
  readonly stop: (end?: Run) => void
}

export const runView = (output: Output, keys: ProgressKeys): RunView => (output.isLive ? liveView(output, keys) : lineView(output, keys))

/** Between two lines on metadata, ms: a run may say something 20 times in a second. */
const EVERY_MS = 1000
const EVERY_PERCENT = 10

function lineView(output: Output, keys: ProgressKeys): RunView {
  let before: Run | undefined
  /** The last run whose metadata was said. */
  let said: Run | undefined
  let saidAt = Number.NEGATIVE_INFINITY
  let saidPercent = 0
  const sayMetadata = (run: Run): void => {
    const progress = progressOf(run, keys)
    const rest = (of: Run | undefined): Run['metadata'] =>
      Object.fromEntries(Object.entries(of?.metadata ?? {}).filter(([key]) => progress?.keys.includes(key) !== true))
    for (const line of metadataLines(rest(run), rest(said))) output.line(line)
    said = run
    saidAt = Date.now()
  }
  return {
    run(run) {
      if (!before) output.line(`${run.id} ${printable(run.task)}`)
      // its end has lines of its own
      const status = run.finishedAt === null ? statusLine(run, before, output) : undefined
      if (status !== undefined) output.line(status)
      if (Date.now() - saidAt >= EVERY_MS) sayMetadata(run)
      const progress = progressOf(run, keys)
      if (progress && Math.floor(progress.fraction * 100) >= saidPercent + EVERY_PERCENT) {
        saidPercent = Math.floor(progress.fraction * 100)
        output.line(`  ${percentOf(progress)}, ${progress.value} of ${progress.max}`)
      }
      before = run
    },
    chunk: (chunk) => output.line(logLine(chunk, output)),
    note: output.note,
    stop(end) {
      if (!end) return
      sayMetadata(end)
      for (const line of endLines(end, output)) output.line(line)
    },
  }
}

/** As many keys of metadata as fit above the bar. */
const MAX_KEYS = 12

function liveView(output: Output, keys: ProgressKeys): RunView {
  const { stream, style } = output
  // by default it takes Ctrl+C for itself; lines are cut, not wrapped: a wrapped one is drawn again and again
  const bars = new MultiBar({
    stream,
    format: '{text}',
    // of a rate that is not known yet it makes no number
    formatTime: (seconds) => (Number.isFinite(seconds) ? durationText(seconds * 1000) : '–'),
    hideCursor: true,
    gracefulExit: false,
    clearOnComplete: true,
    emptyOnZero: true,
    barsize: 24,
  })
  const barOptions = { format: '  {bar} {percentage}% {value}/{total} · {eta_formatted} left', barCompleteChar: '█', barIncompleteChar: '░' }
  // in the order in which they stand
  let status: SingleBar | undefined
  let bar: SingleBar | undefined
  const lines: SingleBar[] = []
  let last: Run | undefined
  const write = (line: SingleBar | undefined, text: string): SingleBar => {
    const one = line ?? bars.create(1, 0, { text })
    one.update(0, { text })
    return one
  }
  const show = (run: Run): void => {
    last = run
    const progress = progressOf(run, keys)
    const took = run.startedAt === null ? '' : style('dim', durationText(Date.now() - run.startedAt))
    status = write(status, `${style(styleOfStatus(run), run.status)} ${printable(run.task)} ${style('dim', run.id)} ${took}`)
    if (progress) {
      bar ??= bars.create(progress.max, progress.value, {}, barOptions)
      bar.setTotal(progress.max)
      bar.update(progress.value)
    }
    const others = Object.keys(run.metadata).filter((key) => progress?.keys.includes(key) !== true)
    const texts = others.slice(0, MAX_KEYS).map((key) => `  ${style('dim', `${printable(key)}:`)} ${shown(run.metadata[key])}`)
    if (others.length > MAX_KEYS) texts.push(style('dim', `  and ${others.length - MAX_KEYS} more`))
    for (const [index, text] of texts.entries()) lines[index] = write(lines[index], text)
    for (const line of lines.splice(texts.length)) bars.remove(line)
  }
  // what it has taken grows while nothing is said
  const clock = setInterval(() => last && show(last), 1000)
  return {
    run: show,
    chunk: (chunk) => bars.log(`${logLine(chunk, output)}\n`),
    note: (text) => bars.log(`${style('yellow', text)}\n`),
    stop(end) {
      clearInterval(clock)
      // lines that wait are written by its next drawing, which stops with it
      if (bars.isActive) bars.update()
      bars.stop()
      if (!end) return
      output.line(`${end.id} ${printable(end.task)}`)
      for (const line of [...metadataLines(end.metadata, {}), ...endLines(end, output)]) output.line(line)
    },
  }
}
