// `metadata`: what task code says about its run, its parent and its root. One object for all runs; the scope says whose it is.
import { InvalidOperationError, InvalidValueError } from '../protocol/errors.ts'
import { isJsonObject, type Json, toJson } from '../protocol/json.ts'
import type { Operation } from '../protocol/operation.ts'
import { parseKey } from '../protocol/path.ts'
import { readAt } from '../protocol/place.ts'
import { captureStream } from './capture-stream.ts'
import type { Metadata, MetadataUpdater, Typed } from './metadata-types.ts'
import { currentScope } from './run-scope.ts'

type Target = 'own' | 'parent' | 'root'

class Updater {
  readonly target: Target
  constructor(target: Target) {
    this.target = target
  }
  set(key: string, value: unknown): this {
    return this.say(() => ({ op: 'set', key, value: toJson(value, key) }))
  }
  del(key: string): this {
    return this.say(() => ({ op: 'delete', key }))
  }
  append(key: string, value: unknown, options?: { readonly max?: number }): this {
    return this.say(() => ({ op: 'append', key, value: toJson(value, key), ...(options?.max === undefined ? {} : { max: options.max }) }))
  }
  remove(key: string, value: unknown): this {
    return this.say(() => ({ op: 'remove', key, value: toJson(value, key) }))
  }
  increment(key: string, by = 1): this {
    if (typeof by !== 'number' || !Number.isFinite(by)) throw new InvalidValueError(key, `${String(by)} cannot be added; pass a finite number`)
    return this.say(() => ({ op: 'increment', key, by }))
  }
  decrement(key: string, by = 1): this {
    return this.increment(key, -by)
  }
  replace(document: unknown): this {
    return this.say(() => {
      const value = toJson(document)
      if (!isJsonObject(value)) throw new InvalidValueError('$', 'metadata is an object; pass { ... }')
      return { op: 'replace', value }
    })
  }
  async stream<T>(key: string, source: AsyncIterable<T> | ReadableStream<T>): Promise<AsyncIterable<T>> {
    const scope = currentScope()
    return scope ? await captureStream(scope, this.target, key, source) : (source as AsyncIterable<T>)
  }
  // the types differ, the object does not
  of(): this {
    return this
  }
  private say(operation: () => Operation): this {
    const scope = currentScope()
    if (!scope) return this
    const said = operation()
    if (said.op !== 'replace') checkKey(said.key)
    scope.updates(this.target).say(said)
    return this
  }
}

/** JavaScript knows no types. @throws InvalidOperationError */
function checkKey(key: unknown): void {
  if (typeof key !== 'string') throw new InvalidOperationError(String(key), 'a key is text: a name, or a path such as $.user.name')
}

class OwnMetadata extends Updater {
  readonly parent: Updater = new Updater('parent')
  readonly root: Updater = new Updater('root')
  get(key: string): Json | undefined {
    const document = currentScope()?.updates('own').document
    if (!document) return undefined
    checkKey(key)
    // a document that was replaced whole may have a key that looks like a path
    const isPath = key.startsWith('$') && !Object.hasOwn(document, key)
    return structuredClone(readAt(document, isPath ? parseKey(key) : [key]))
  }
  current(): Json | undefined {
    const document = currentScope()?.updates('own').document
    return document && structuredClone(document)
  }
  async flush(): Promise<void> {
    const scope = currentScope()
    if (!scope) return
    await Promise.all((['own', 'parent', 'root'] as const).map((target) => scope.updates(target)).map((queue) => queue.flush()))
  }
  async refresh(): Promise<void> {
    await currentScope()?.updates('own').refresh()
  }
}

/** The metadata of the run that calls it. Outside a run updates do nothing, and `get` and `current` give `undefined`. */
export const metadata: Typed<Metadata> = new OwnMetadata('own') as unknown as Typed<Metadata>
export type { MetadataUpdater }
