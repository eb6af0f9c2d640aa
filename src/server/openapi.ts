// The OpenAPI 3.1 document, made of the descriptions that the routes run by.
import { statusOf } from './http-errors.ts'
import { type JsonSchema, propertiesOf, refTo, Schemas } from './openapi-schemas.ts'
import type { Answer, Description } from './route.ts'

export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: { readonly [path: string]: { readonly [method: string]: JsonSchema } }
  readonly components: { readonly schemas: { readonly [name: string]: JsonSchema }; readonly securitySchemes: JsonSchema }
}

const PARAMETERS: { readonly [name: string]: { readonly description: string; readonly schema: JsonSchema } } = {
  id: { description: 'The id of a run.', schema: { type: 'string' } },
  key: { description: 'The key of a stream. Slashes may be sent as they are or as %2F.', schema: { type: 'string' } },
  task: { description: 'The id of a task. Slashes may be sent as they are or as %2F.', schema: { type: 'string' } },
  version: { description: 'From 1.', schema: { type: 'string' } },
}
const WHO: { readonly [who in Description['who']]: readonly JsonSchema[] } = {
  everybody: [],
  // the empty one: a server without keys answers its own machine
  subscribers: [{ secretKey: [] }, { publicToken: [] }, {}],
  readers: [{ secretKey: [] }, { publicToken: [] }, {}],
  writers: [{ secretKey: [] }, {}],
}

/** What any route may answer, by what it takes. */
function errorsOf({ who, method, path, body, errors = [], isStatic = false }: Description): readonly string[] {
  if (who === 'everybody') return errors
  const own = new Set<string>(errors)
  for (const type of ['unauthorized', 'token_expired', 'forbidden', 'too_many_requests', 'unavailable']) own.add(type)
  // whatever it takes, a token in the URL is refused
  if (path.startsWith('/v1/')) own.add('invalid_request')
  if (body) own.add('too_large')
  // without a body too, a form may have sent it
  if (method !== 'GET') own.add('unsupported_media_type')
  if (!isStatic) for (const type of ['internal', 'storage', 'closed']) own.add(type)
  return [...own]
}

/** Grouped by status: one answer each, which names the types that it can be. */
function failures(types: readonly string[]): { readonly [status: string]: JsonSchema } {
  const statuses = [...new Set(types.map(statusOf))].sort((a, b) => a - b).map(String)
  return Object.fromEntries(
    statuses.map((status) => {
      const known = types.filter((type) => String(statusOf(type)) === status).sort()
      const error = { allOf: [refTo('ErrorBody'), { type: 'object', properties: { type: { enum: known } } }] }
      const schema = { type: 'object', properties: { error }, required: ['error'] }
      const headers = status === '503' || status === '429' ? { headers: { 'Retry-After': { schema: { type: 'string' } } } } : {}
      return [status, { description: known.join(', '), ...headers, content: { 'application/json': { schema } } }]
    }),
  )
}

function success({ description, schema, type, headers }: Answer, name: string, schemas: Schemas): JsonSchema {
  const content = schema
    ? { 'application/json': { schema: schemas.ref(schema, `${name}Answer`) } }
    : type
      ? { [type]: { schema: { type: 'string' } } }
      : undefined
  const described =
    headers && Object.fromEntries(Object.entries(headers).map(([header, meaning]) => [header, { description: meaning, schema: { type: 'string' } }]))
  return { description, ...(described && { headers: described }), ...(content && { content }) }
}

function parametersOf({ path, query, headers = {} }: Description): readonly JsonSchema[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, in: 'path', required: true, ...PARAMETERS[name] }))
  const inQuery = Object.entries(query ? propertiesOf(query) : {}).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
    ...(schema.type === 'array' && { style: 'form', explode: false }),
  }))
  const inHeader = Object.entries(headers).map(([name, description]) => ({ name, in: 'header', description, schema: { type: 'string' } }))
  return [...inPath, ...inQuery, ...inHeader]
}

function operationOf(description: Description, schemas: Schemas): JsonSchema {
  const { name, summary, who, body, answers } = description
  const title = `${name[0]?.toUpperCase()}${name.slice(1)}`
  const parameters = parametersOf(description)
  return {
    operationId: name,
    summary,
    security: WHO[who],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: schemas.ref(body.schema, `${title}Request`) } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, success(answer, title, schemas)])),
      ...failures(errorsOf(description)),
    },
  }
}

export function openApi(descriptions: readonly Description[]): OpenApi {
  const schemas = new Schemas()
  const paths: Record<string, Record<string, JsonSchema>> = {}
  for (const description of descriptions) {
    const methods = (paths[description.path] ??= {})
    methods[description.method.toLowerCase()] = operationOf(description, schemas)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'runfeed',
      version: '1',
      description: 'Runs: their record, their streams, and the feed of both. Every error is `{ error: { type, message, ... } }`.',
    },
    paths,
    components: {
      schemas: schemas.all(),
      securitySchemes: {
        secretKey: { type: 'http', scheme: 'bearer', description: 'A secret key: everything in its namespace.' },
        publicToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A public access token: what its scopes allow.' },
      },
    },
  }
}
