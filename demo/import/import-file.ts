// `npm run demo -- --file`: one file, through the client that pages use, into the demo that is listening or into one of its own.
import { basename } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { checkCsv } from '../csv/check-csv.ts'
import { nameOfDelimiter } from '../csv/delimiter.ts'
import { type Demo, openDemo } from '../serve/open-demo.ts'
import { type DemoOptions, MORE_PORTS } from '../serve/options.ts'
import { shownPath } from '../serve/start-folder.ts'
import { terminal } from '../serve/terminal.ts'
import { count } from './counts.ts'
import { demoWith, findDemo } from './find-demo.ts'
import { followImport } from './follow-import.ts'
import { progressView } from './progress-view.ts'
import { sendFile } from './send-file.ts'
import { failureOf, summaryOf } from './summary.ts'

/** A server of our own that does not close by itself is left behind. */
const CLOSE_WITHIN_MS = 1500

/** @returns the exit code. @throws Error, one sentence: why the import is not complete */
export async function importFile(path: string, options: DemoOptions): Promise<number> {
  const name = printable(basename(path))
  // the server says the same; but it need not be there, nor be sent 10 MB
  const { rows, delimiter } = await checkCsv(path, name)
  const found = (await findDemo(options.port === 0 ? [] : portsOf(options), options.isDataFixed ? options.data : undefined)) ?? (await demoWith(options.data))
  const own = found === undefined ? openDemo(options, new Map()) : undefined
  const url = found ?? (await (own as Demo).server.listen()).url
  const view = progressView(process.stdout, name)
  let isSent = false
  const work = async (): Promise<number> => {
    const separated = delimiter === ',' ? '' : `, separated by ${nameOfDelimiter(delimiter)}`
    view.say(`${name}: ${count(rows, 'row')}${separated}, into ${own === undefined ? `the demo at ${url}` : placeOf(own, options)}`)
    const id = await sendFile(url, path, name, options.giveUp)
    isSent = true
    const run = await followImport(url, id, options.giveUp, view.show)
    view.stop()
    const failure = failureOf(run, name)
    if (failure !== undefined) throw new Error(printable(failure))
    for (const line of summaryOf(run, name)) view.say(printable(line))
    return 0
  }
  try {
    return await Promise.race([work(), interruption(() => terminal.interrupted(farewell(found, isSent, name)), view.stop)])
  } finally {
    view.stop()
    if (own) await Promise.race([own.close(), setTimeout(CLOSE_WITHIN_MS)])
  }
}

const placeOf = ({ path }: Demo, { data }: DemoOptions): string =>
  `${shownPath(path)}; ${path === data ? 'no demo is listening' : `${shownPath(data)} is in use, and no demo is listening`}`

const portsOf = ({ port, isPortFixed }: DemoOptions): readonly number[] => (isPortFixed ? [port] : Array.from({ length: MORE_PORTS + 1 }, (_, i) => port + i))

/** A file may hold what a terminal obeys. */
const printable = (text: string): string => stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Bidi_C}]+/gu, ' ')

function farewell(found: string | undefined, isSent: boolean, name: string): string {
  if (!isSent) return `stopped before the import of ${name} began`
  if (found === undefined) return `stopped, and the import of ${name} with it; rows that were accepted are kept: npm run demo shows it, and starts it again`
  return `the import of ${name} goes on in the server: open ${found} to look at it, or to cancel it`
}

/** Ctrl+C and its like. npm passes the terminal's on, so that it comes twice: the listeners stay. @returns the exit code */
const interruption = async (say: () => void, stopView: () => void): Promise<number> => {
  const code = await new Promise<number>((resolve) => {
    process.on('SIGINT', () => resolve(130))
    process.on('SIGTERM', () => resolve(143))
  })
  stopView()
  say()
  return code
}
