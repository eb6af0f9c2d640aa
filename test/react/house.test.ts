// What the hooks' room promises beside its imports: one place that reads stores, no JSX (React 17 has no such runtime everywhere), and the
// directive that keeps it out of server components.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const room = join(import.meta.dirname, '../../src/react')
const files = readdirSync(room)
const text = (file: string): string => readFileSync(join(room, file), 'utf8')

test('one hook file calls useSyncExternalStore, from the shim', () => {
  expect(files.filter((file) => /useSyncExternalStore\(/.test(text(file)))).toEqual(['use-source.ts'])
  expect(text('use-source.ts')).toContain("from 'use-sync-external-store/shim'")
})

test('hook files have no JSX', () => {
  expect(files.filter((file) => !file.endsWith('.ts'))).toEqual([])
})

test('what imports React says "use client" in its first line', () => {
  const hooks = files.filter((file) => /^import \{[^}]*\} from 'react'/m.test(text(file)))
  expect(hooks.length).toBeGreaterThan(5)
  expect(hooks.filter((file) => !text(file).startsWith("'use client'\n"))).toEqual([])
})

test('checks and texts for development are behind a condition that bundlers take out', () => {
  const callers = files.filter((file) => /\b(warn|warnOnce|countFollowed)\(/.test(text(file)) && file !== 'development.ts')
  expect(callers.length).toBeGreaterThan(3)
  expect(callers.filter((file) => !text(file).includes("process.env.NODE_ENV !== 'production'"))).toEqual([])
})
