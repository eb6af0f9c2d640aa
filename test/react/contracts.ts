// Contracts that a test's page and its server share.
import { defineRun } from 'runfeed'
import { z } from 'zod'

export const double = defineRun({ id: 'double', payload: z.object({ n: z.number() }), metadata: z.object({ half: z.number() }), output: z.number() })
