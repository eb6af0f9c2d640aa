// How far an import is: a live bar in a terminal, a few lines anywhere else.
import type { WriteStream } from 'node:tty'
import type { Run } from 'runfeed'
import { Presets, SingleBar } from 'cli-progress'
import { count, countsOf, number } from './counts.ts'

export interface ProgressView {
  readonly show: (run: Run) => void
  /** The bar stays as it is; what is said next is below it. */
  readonly stop: () => void
  readonly say: (line: string) => void
}

interface Rate {
  readonly at: number
  readonly processed: number
}

export const progressView = (output: WriteStream, name: string): ProgressView => (output.isTTY ? liveBar(output) : lines(output, name))

const perSecond = (from: Rate, processed: number): number => Math.round(((processed - from.processed) * 1000) / Math.max(1, Date.now() - from.at))

function liveBar(output: WriteStream): ProgressView {
  let from: Rate | undefined
  const bar = new SingleBar(
    {
      // short enough for 80 columns: a line that wraps is drawn again and again
      format: ' {bar} {percentage}% {value}/{total} · {rate} rows/s · {eta_formatted} left · {accepted} accepted, {rejected} rejected',
      barsize: 16,
      stream: output,
      hideCursor: true,
      // by default it takes Ctrl+C for itself
      gracefulExit: false,
      etaBuffer: 100,
    },
    Presets.shades_classic,
  )
  return {
    show(run) {
      const { total, processed, accepted, rejected } = countsOf(run)
      if (total === undefined) return
      const payload = { accepted: number(accepted), rejected: number(rejected), rate: number(from ? perSecond(from, processed) : 0) }
      if (!from) {
        from = { at: Date.now(), processed }
        bar.start(total, processed, payload)
      } else bar.update(processed, payload)
    },
    stop: () => {
      if (bar.isActive) bar.stop()
    },
    say: (line) => void output.write(`  ${line}\n`),
  }
}

/** A line at every so many percent, and no more than one in so many ms. */
const EVERY_PERCENT = 10
const EVERY_MS = 1000

function lines(output: WriteStream, name: string): ProgressView {
  let from: Rate | undefined
  let saidPercent = 0
  let saidAt = 0
  const say = (line: string): void => void output.write(`${line}\n`)
  return {
    show(run) {
      const { total, processed, accepted, rejected } = countsOf(run)
      if (total === undefined) return
      const now = Date.now()
      from ??= { at: (saidAt = now), processed }
      const percent = Math.floor((100 * processed) / Math.max(1, total))
      // the last one is the summary
      if (processed === total || percent < saidPercent + EVERY_PERCENT || now - saidAt < EVERY_MS) return
      saidPercent = percent
      saidAt = now
      const rate = perSecond(from, processed)
      const left = rate === 0 ? '' : `, ${Math.ceil((total - processed) / rate)} s left`
      say(
        `${name}: ${percent} %, ${number(processed)} of ${count(total, 'row')}, ${number(rate)} rows/s${left}, ${number(accepted)} accepted, ${number(rejected)} rejected`,
      )
    },
    stop: () => {},
    say,
  }
}
