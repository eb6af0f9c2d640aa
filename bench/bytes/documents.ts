// One key of a document changes ten times a second: what a reader receives for it, from us, from who says the document again, and from Electric.
import type { JsonObject } from 'runfeed'
import { checkPeers } from '../hooks/peers.ts'
import type { Row } from '../row.ts'
import type { Open } from './contender.ts'
import { electric } from './electric.ts'
import { ours } from './ours.ts'
import { resending } from './resending.ts'
import { countingWire } from './wire.ts'

const SIZES_KB = [1, 16, 250]
const CHANGES = 50
const APART_MS = 100
/** Of what resending takes, where the document is large. */
const MOST_SHARE = { from: 250, most: 1 }

export async function documents(): Promise<readonly Row[]> {
  checkPeers()
  const rows: Row[] = []
  for (const size of SIZES_KB) {
    const document = documentOf(size * 1000)
    const [own, plain, shape] = await Promise.all([ours, resending, electric].map(async (open) => await measure(open, document)))
    if (!own || !plain || !shape) throw new Error('a contender is missing')
    rows.push({
      name: `bytes on the wire for ${CHANGES} changes of one key in ${size} kB, as a share of Electric’s`,
      value: (100 * own.received) / shape.received,
      unit: '%',
      ...(size >= MOST_SHARE.from && { limit: { most: MOST_SHARE.most } }),
      raw: {
        'runfeed received': own.received,
        'runfeed sent': own.sent,
        'resending received': plain.received,
        'resending sent': plain.sent,
        'Electric received': shape.received,
        'Electric sent': shape.sent,
      },
    })
  }
  return rows
}

/** Bytes that the reader received and sent for the changes alone: the document was there before. */
async function measure(open: Open, document: JsonObject): Promise<{ readonly received: number; readonly sent: number }> {
  const contender = await open(document)
  const wire = await countingWire(contender.url)
  try {
    await contender.read(wire.url)
    const before = { received: wire.received, sent: wire.sent }
    for (let n = 1; n <= CHANGES; n++) await Promise.all([contender.change(n), new Promise((resolve) => setTimeout(resolve, APART_MS))])
    return { received: wire.received - before.received, sent: wire.sent - before.sent }
  } finally {
    await contender.close()
    await wire.close()
  }
}

/** Of so many bytes, as members of about 100, and an `n`. */
function documentOf(bytes: number): JsonObject {
  const member = (i: number): [string, string] => [`member ${i}`, `value ${i} `.padEnd(100 - 8 - `member ${i}`.length, '.')]
  return { n: 0, ...Object.fromEntries(Array.from({ length: Math.round((bytes - 6) / 100) }, (_, i) => member(i))) }
}
