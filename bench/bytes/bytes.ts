// What comes over the wire: of an import as a page follows it, and of one key that changes in documents of three sizes.
import type { Row } from '../row.ts'
import { documents } from './documents.ts'
import { sampleImportBytes } from './sample-import.ts'

/** @param folder - where data files may be. */
export const bytes = async (folder: string): Promise<readonly Row[]> => [...(await sampleImportBytes(folder)), ...(await documents())]
