// The hooks of the demo's contracts.
import { createRunHooks, type RunHooks } from 'runfeed/react'
import { csvImport, streamText } from '../contracts.ts'

export const importHooks: RunHooks<typeof csvImport> = createRunHooks(csvImport)
export const textHooks: RunHooks<typeof streamText> = createRunHooks(streamText)
