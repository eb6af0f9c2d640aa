// What happens while a page is measured: the same runs, values and tokens for every contender.

export interface Metadata {
  readonly label: string
  readonly phase: string
  readonly done: number
  readonly total: number
  readonly ok: number
  readonly failed: readonly { readonly row: number; readonly reason: string }[]
  readonly source: { readonly file: string; readonly bytes: number; readonly owner: string }
}
export interface RunValue {
  readonly id: string
  readonly status: string
  readonly metadata: Metadata
}

/** `one`: 100 components on one run. `many`: as many runs, each with its component. `stream`: the tokens of one stream. */
export type Scene = 'one' | 'many' | 'stream'

export const COMPONENTS = 100
const MANY_RUNS = 1000

export const idsOf = (scene: Scene): readonly string[] =>
  Array.from({ length: scene === 'many' ? MANY_RUNS : 1 }, (_, at) => `run_${String(at).padStart(20, '0')}`)

/** What the run at `run` holds after update `update`; 0 is before the first. */
export const metadataAt = (run: number, update: number): Metadata => ({
  label: `Import of customers-${run}.csv`,
  phase: 'importing',
  done: update,
  total: 100_000,
  ok: 0,
  failed: [
    { row: 17, reason: 'no e-mail address' },
    { row: 230, reason: 'the same customer twice' },
  ],
  source: { file: `customers-${run}.csv`, bytes: 4_812_331, owner: 'ana@example.com' },
})
export const valueAt = (id: string, run: number, update: number): RunValue => ({ id, status: 'EXECUTING', metadata: metadataAt(run, update) })

/** Each as long as the others, so that a length says how many there are. */
export const TOKEN_LENGTH = 8
export const tokenAt = (index: number): string => `${String(index).padStart(TOKEN_LENGTH - 1, 't')} `
export const tokensFrom = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => tokenAt(from + at))
