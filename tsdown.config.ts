// What is published, from the entries that the exports map names: ESM, one file per source file, and the server as one bundle of its own.
import { readFileSync } from 'node:fs'
import { defineConfig, type UserConfig } from 'tsdown'
import { bundled, writeManifest } from './scripts/manifest.ts'

interface Manifest {
  exports: Record<string, string | Record<string, string>>
}
const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const sources = Object.values(exports).flatMap((e) => (typeof e === 'string' ? [] : (e['@runfeed/source'] ?? [])))
const entries = sources.filter((s) => s.endsWith('.ts')).map((s): [name: string, source: string] => [s.slice('./src/exports/'.length, -'.ts'.length), s])
const entry = (wanted: (name: string) => boolean) => Object.fromEntries(entries.filter(([name]) => wanted(name)))
const isServer = (name: string) => name === 'server'

const common: UserConfig = { format: 'esm', tsconfig: 'tsconfig.build.json', report: false }
const perFile: UserConfig = {
  ...common,
  platform: 'neutral',
  // keeps "use client", which a bundle drops (the warning says "may")
  unbundle: true,
  inputOptions: { checks: { moduleLevelDirective: false } },
  // what is bundled in this mode lands in dist/node_modules, which npm pack leaves out
  deps: { neverBundle: [/^[^./]/] },
}

export default defineConfig([
  { ...perFile, entry: entry((name) => !isServer(name)), copy: sources.filter((s) => s.endsWith('.css')), dts: true },
  // types per file: a class that is declared twice is two classes to tsc
  { ...perFile, entry: entry(isServer), dts: { emitDtsOnly: true }, clean: false },
  // what only the server uses is inside its file, so that a front-end install does not bring it
  {
    ...common,
    entry: entry(isServer),
    platform: 'node',
    fixedExtension: false,
    dts: false,
    clean: false,
    deps: { alwaysBundle: [...bundled], onlyBundle: [...bundled] },
    hooks: { 'build:done': writeManifest },
  },
])
