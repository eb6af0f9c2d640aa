// The OpenAPI document as the server gives it, and what tests ask of it.
import { createRunServer, memoryEngine } from 'runfeed/server'
import { z } from 'zod'

export type Schema = { readonly [keyword: string]: unknown }
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } }
  readonly responses: { readonly [status: string]: { readonly headers?: object; readonly content?: { readonly [type: string]: { readonly schema: Schema } } } }
}
export interface Document {
  readonly openapi: string
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: Schema }; readonly securitySchemes: object }
}
export interface DescribedRoute {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

export async function readDocument(): Promise<Document> {
  const server = createRunServer({ engine: memoryEngine() })
  const document = (await (await server.fetch(new Request('http://localhost/v1/openapi.json'))).json()) as Document
  await server.close()
  return document
}

export const routesOf = (document: Document): readonly DescribedRoute[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

/** The types of the errors that a status stands for. */
export function typesOf(operation: Operation, status: string): readonly string[] {
  const schema = operation.responses[status]?.content?.['application/json']?.schema as
    | {
        readonly properties: {
          readonly error: { readonly allOf: readonly [Schema, { readonly properties: { readonly type: { readonly enum: readonly string[] } } }] }
        }
      }
    | undefined
  return schema?.properties.error.allOf[1].properties.type.enum ?? []
}

const resolved = (value: string): string => value.replace('#/components/schemas/', '#/$defs/')

/** Closed objects, so that a field that the document does not name is found; references as JSON Schema resolves them in one document. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== 'object' || schema === null) return schema
  const members = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, name === '$ref' ? resolved(String(value)) : strict(value)]))
  return 'properties' in members && !('additionalProperties' in members) ? { ...members, additionalProperties: false } : members
}

/** @returns what is wrong with a value, `undefined` for nothing. */
export function problemsOf(document: Document, schema: Schema, value: unknown): string | undefined {
  const { ErrorBody, ...closed } = document.components.schemas
  const definitions = { ...(strict(closed) as object), ErrorBody }
  // an error has details of its own, and what is put together from several parts is closed by none of them
  const { error, ...rest } = (schema['properties'] ?? {}) as { readonly [name: string]: Schema }
  const own = error?.['allOf']
    ? {
        ...schema,
        properties: { ...rest, error: { allOf: (error['allOf'] as readonly Schema[]).map((part) => JSON.parse(resolved(JSON.stringify(part))) as Schema) } },
      }
    : (strict(schema) as Schema)
  const result = z.fromJSONSchema({ ...own, $defs: definitions } as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value)
  return result.success ? undefined : z.prettifyError(result.error)
}
