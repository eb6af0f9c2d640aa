// What a public token may be good for, as text: `read:runs:<id>`. A token holds such texts, and to ask it is to look one up.
import { InvalidRequestError } from '../../protocol/errors.ts'
import { NAME_PATTERN } from '../../protocol/limits.ts'

/**
 * - `read:runs:<id>`: the run and its streams
 * - `read:tree:<id>`: the run, its descendants, and their streams
 * - `read:history:<id>`: the run's versions, and the run as it was
 * - `read:tags:<tag>`: every run with the tag, for as long as it has it
 * - `read:tasks:<id>`: every run of the task
 * - `trigger:tasks:<id>`: start runs of the task; only the payload is the holder's
 * - `cancel:runs:<id>`: cancel the run, and read it
 */
export type Scope = `read:${'runs' | 'tree' | 'history' | 'tags' | 'tasks'}:${string}` | `trigger:tasks:${string}` | `cancel:runs:${string}`

const SCOPE_PATTERN = /^(read:(runs|tree|history|tags|tasks)|trigger:tasks|cancel:runs):(.+)$/s
/** As many as fit into a header beside the rest, where they name runs. Longer ones are bounded by the token's length. */
export const MAX_SCOPES = 200

export const isScope = (text: string): text is Scope => {
  const match = SCOPE_PATTERN.exec(text)
  return match !== null && NAME_PATTERN.test(match[3] as string)
}

/** @throws InvalidRequestError naming the first that is none */
export function checkScopes(scopes: readonly unknown[]): readonly Scope[] {
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.length > MAX_SCOPES)
    throw new InvalidRequestError(`scopes is a list of 1 to ${MAX_SCOPES}`, { field: 'scopes' })
  for (const scope of scopes as readonly unknown[])
    if (typeof scope !== 'string' || !isScope(scope))
      throw new InvalidRequestError(
        `scopes: ${JSON.stringify(scope)} is none; there are read:runs:<id>, read:tree:<id>, read:history:<id>, read:tags:<tag>, read:tasks:<id>, trigger:tasks:<id> and cancel:runs:<id>`,
        { field: 'scopes' },
      )
  return [...new Set(scopes as readonly Scope[])]
}
