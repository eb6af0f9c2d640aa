// Begins imports. An upload whose answer was lost is sent again, and may not begin a second one.
import { InvalidRequestError, type InputOf, type RunHandle } from 'runfeed'
import type { RunEngine } from 'runfeed/server'
import type { csvImport } from '../contracts.ts'
import type { CsvImportTask } from '../tasks/csv-import.ts'

export interface Begun {
  readonly handle: RunHandle
  /** The import is of this call's payload: it was not begun before. */
  readonly isNew: boolean
}

export interface Imports {
  /** @param uploadId - a UUID of the sender's: the same one begins the same import. */
  begin(payload: InputOf<typeof csvImport.payload>, uploadId?: string): Promise<Begun>
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function importsOf(engine: RunEngine, task: CsvImportTask): Imports {
  /** What is being asked now: two askers of the same would both find nothing. */
  const asked = new Map<string, Promise<Begun>>()
  return {
    async begin(payload, uploadId) {
      if (uploadId === undefined) return { handle: await task.trigger(payload), isNew: true }
      if (!UUID.test(uploadId)) throw new InvalidRequestError('x-upload-id is not a UUID')
      const tag = `upload:${uploadId}`
      const before = asked.get(tag)
      if (before) return { ...(await before), isNew: false }
      const begun = (async () => {
        // the record knows it, also when the server was restarted in between
        const [known] = (await engine.record.list({ tag, limit: 1 })).runs
        return known ? { handle: { id: known.id }, isNew: false } : { handle: await task.trigger(payload, { tags: [tag] }), isNew: true }
      })().finally(() => asked.delete(tag))
      asked.set(tag, begun)
      return await begun
    },
  }
}
