// Where the demo was called from. npm runs its scripts in the package's folder; paths that people type are meant from where they stand.
import { relative, resolve } from 'node:path'

const startFolder = (): string => (process.env['npm_lifecycle_event'] === 'demo' ? (process.env['INIT_CWD'] ?? '.') : '.')

/** A path that was typed. */
export const typedPath = (path: string): string => resolve(startFolder(), path)

/** A path as whoever stands there may type it. */
export const shownPath = (path: string): string => relative(resolve(startFolder()), path) || '.'
