// The figures of a full run, as a page of Markdown.
import type { Row } from '../row.ts'
import { CONTENDERS } from './contenders.ts'
import { versionOf } from './peers.ts'
import type { Figure, PhaseResults, Result } from './results.ts'

const COLUMNS: readonly { readonly title: string; readonly figure: Figure; readonly scale: number }[] = [
  { title: 'script ms', figure: 'script', scale: 1 },
  { title: 'tasks ms', figure: 'task', scale: 1 },
  { title: 'took ms', figure: 'took', scale: 1 },
  { title: 'renders', figure: 'renders', scale: 1 },
  { title: 'received kB', figure: 'received', scale: 1000 },
  { title: 'sent kB', figure: 'sent', scale: 1000 },
  { title: 'requests', figure: 'requests', scale: 1 },
  { title: 'at once', figure: 'mostOpen', scale: 1 },
]

const HOW = `Each row is the median of its rounds, least to most in brackets; who took long was measured once. Every round is a fresh page in a fresh Chromium, in an
order that is drawn anew. Each had the same values at the same pace over HTTP/2 from this machine, and the last of them was on screen at the end; who does not come
to it says so. \`tasks\` is all that the main thread did, its time of the processor; \`script\` is that without style, layout and paint; \`took\` is from the first
that was sent until the last was on screen, and says as much of what else the machine did. First is who no peer is better than by more than 1 %.

\`runfeed\` is the product over its reference server, with a schema, and gets news 20 times a second. \`runfeed, a frame each\` is the same over the same wire, but
every update and every chunk is a frame of its own, and it draws each frame of the screen; \`runfeed, parts judged\` is \`useRunStream\` with a schema for each part,
a frame each. All of ours are held to be first by \`script\` and by the time to the last chunk; by \`tasks\`, bytes and connections, and beside a throttled peer, it
is \`runfeed\`, since who draws more does more.

Peers are used as their documentation says, over their own transports: the files of the bench say how. Who renders for each token makes one text of it each time.
\`useChat\` takes part in (c) alone and convex in (a) and (b) alone: for the others they have no hook. \`useChat\` is throttled by 50 ms, as its documentation advises.`

export function report(machine: string, all: readonly PhaseResults[], { name, raw }: Row): string {
  const tables = all.map(({ phase, results }) => `## ${phase.title}\n\n${table(['', ...COLUMNS.map(({ title }) => title)], sorted(results).map(cells))}`)
  const sizes = Object.entries(raw).map(([size, kB]) => [size, Number(kB).toFixed(2)])
  const versions = CONTENDERS.flatMap(({ name: peer, isOurs }) => (isOurs ? [] : [`${peer} ${versionOf(peer.replace('/subscription', ''))}`]))
  return `# The last full run of \`npm run bench -- hooks\`\n\n${machine}\n\n${versions.join(', ')}\n\n${HOW}\n\n${tables.join('\n\n')}\n\n## ${name}\n\n${table(['', 'kB'], sizes)}\n`
}

const sorted = (results: readonly Result[]): Result[] => {
  const task = (result: Result): number => (result.failure === undefined ? result.median.task : Number.POSITIVE_INFINITY)
  return [...results].sort((a, b) => task(a) - task(b))
}

function cells(result: Result): string[] {
  if (result.failure !== undefined) return [result.contender.name, result.failure, ...COLUMNS.slice(1).map(() => '')]
  const { median, spread, rounds } = result
  const figures = COLUMNS.map(({ figure, scale }) => {
    const show = (value: number): string => (value / scale).toFixed(value / scale < 10 && scale > 1 ? 1 : 0)
    const [least, most] = spread[figure]
    return show(least) === show(most) ? show(median[figure]) : `${show(median[figure])} (${show(least)}–${show(most)})`
  })
  return [`${result.contender.name}${rounds === 1 ? ', once' : ''}`, ...figures]
}

const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
