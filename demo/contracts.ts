// What the demo's runs take, say and give. Tasks and page import this one file, so neither can write or read anything else.
import { defineRun } from 'runfeed'
import { z } from 'zod'

// zod tries, with the first schema, whether it may compile code; the page's policy says no, and the browser would report the attempt
z.config({ jitless: true })

/** The first so many rejected rows are shown as examples. */
export const MAX_EXAMPLES = 20
/** The last so many row runs are named in an import's metadata. */
export const MAX_ROW_RUNS = 1000

export const logEntry = z.object({ at: z.number(), level: z.enum(['info', 'warn', 'error']), line: z.string() })
export type LogEntry = z.infer<typeof logEntry>

export const rejectedRow = z.object({ line: z.number(), reason: z.string(), row: z.string() })
export type RejectedRow = z.infer<typeof rejectedRow>

const count = z.number().int().min(0)

export const csvImport = defineRun({
  id: 'csv-import',
  payload: z.object({
    /** The name that people know the file by. */
    name: z.string().min(1).max(200),
    /** `sample`, or an upload: never a path, because anybody who reaches the API can trigger an import. */
    file: z.union([z.literal('sample'), z.string().regex(/^[0-9a-f-]{36}\.csv$/)]),
  }),
  metadata: {
    /** Again, because lists of runs come without payloads. */
    name: z.string(),
    status: z.enum(['reading', 'importing', 'done']),
    totalRows: count,
    processedRows: count,
    acceptedRows: count,
    rejectedRows: count,
    /** Rejected rows by reason. */
    reasons: z.record(z.string(), count),
    examples: z.array(rejectedRow).max(MAX_EXAMPLES),
    rowRuns: z.array(z.string()).max(MAX_ROW_RUNS),
  },
  streams: { log: logEntry },
  output: z.object({ rows: count, accepted: count, rejected: count, ms: z.number() }),
})

export const csvRow = defineRun({
  id: 'csv-row',
  payload: z.object({
    rule: z.enum(['airports', 'any']),
    /** Where the row begins in its file, from 1. */
    line: z.number().int().min(1),
    /** Fields of the header. */
    width: z.number().int().min(1),
    fields: z.array(z.string()),
    /** What was longer than it may be: of each field its beginning is here. */
    cut: z.enum(['field', 'row']).optional(),
  }),
  output: z.object({ reason: z.string().nullable() }),
})

export const MAX_TOKENS_PER_SECOND = 1000

export const streamText = defineRun({
  id: 'stream-text',
  payload: z.object({ tokensPerSecond: z.number().min(1).max(MAX_TOKENS_PER_SECOND) }),
  metadata: { progress: z.number().min(0).max(1), tokens: count },
  streams: { text: z.string() },
  output: z.object({ tokens: count }),
})
