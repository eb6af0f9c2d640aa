// The schemas of the document by name: each once, and referred to from wherever it is meant.
import { z } from 'zod'
import * as answers from './answer-schemas.ts'

export type JsonSchema = { readonly [keyword: string]: unknown }

const NAMED: { readonly [name: string]: z.ZodType } = {
  Run: answers.run,
  RunFailure: answers.failure,
  RunHandle: answers.runHandle,
  RunPage: answers.runPage,
  Runs: answers.runs,
  Settled: answers.settled,
  Patch: answers.patch,
  History: answers.history,
  CommitAnswer: answers.commitAnswer,
  MetadataAnswer: answers.metadataAnswer,
  TagsAnswer: answers.tagsAnswer,
  Claim: answers.claim,
  Claims: answers.claims,
  HeldRuns: answers.heldRuns,
  Chunks: answers.chunkAnswer,
  Appended: answers.appended,
  ErrorBody: answers.error,
}

const pathOf = (name: string): string => `#/components/schemas/${name}`
export const refTo = (name: string): JsonSchema => ({ $ref: pathOf(name) })

export class Schemas {
  readonly #registry = z.registry<{ id: string }>()
  readonly #names = new Map<z.ZodType, string>()

  constructor() {
    for (const [name, schema] of Object.entries(NAMED)) this.#add(name, schema)
  }

  /** @param name - what it is called if nothing has named it yet. */
  ref(schema: z.ZodType, name: string): JsonSchema {
    return refTo(this.#names.get(schema) ?? this.#add(name, schema))
  }

  /** Those that were referred to so far, and the named ones. */
  all(): { readonly [name: string]: JsonSchema } {
    // as they are sent: a default is what the server puts in
    const { schemas } = z.toJSONSchema(this.#registry, { io: 'input', uri: pathOf })
    return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plain(schema as JsonSchema)]))
  }

  #add(name: string, schema: z.ZodType): string {
    this.#names.set(schema, name)
    this.#registry.add(schema, { id: name })
    return name
  }
}

/** The parameters of a query, as they are once they were read: whole numbers, lists with commas between. */
export function propertiesOf(query: z.ZodType): { readonly [name: string]: JsonSchema } {
  return (z.toJSONSchema(query, { io: 'output' }).properties ?? {}) as { readonly [name: string]: JsonSchema }
}

/** Where a schema is in the document says what it is. */
const plain = ({ $schema: _schema, $id: _id, ...rest }: JsonSchema): JsonSchema => rest
