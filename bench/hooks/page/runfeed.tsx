// Ours, with a schema: each version and each part is judged.
import { createRunClient } from 'runfeed'
import { RunfeedProvider, useRunMetadata, useRunStream, useRunText } from 'runfeed/react'
import { z } from 'zod'
import { TOKEN_LENGTH } from '../script.ts'
import { firstId, mount, runRow, show, streamEnd, way } from './stage.tsx'

const client = createRunClient({ baseUrl: '' })
const metadataSchema = z.object({
  label: z.string(),
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  ok: z.number(),
  failed: z.array(z.object({ row: z.number(), reason: z.string() })),
  source: z.object({ file: z.string(), bytes: z.number(), owner: z.string() }),
})
const token = z.string()

function Run({ id }: { id: string }) {
  const { metadata } = useRunMetadata(id, { schema: metadataSchema })
  return runRow(id, metadata)
}

function Text() {
  const { text = '' } = useRunText(firstId, 'text')
  return streamEnd(text.length, text.slice(-TOKEN_LENGTH))
}

function Parts() {
  const { log } = useRunStream(firstId, 'text', { schema: token })
  return streamEnd(log.length * TOKEN_LENGTH, log.at(log.length - 1))
}

mount(<RunfeedProvider client={client}>{show({ run: (id) => <Run id={id} />, stream: () => (way === 'parts' ? <Parts /> : <Text />) })}</RunfeedProvider>)
