// What is published, from the entries that the exports map names: ESM, one file per source file.
import { readFileSync } from 'node:fs'
import { defineConfig, type UserConfig } from 'tsdown'
import { bundled, neverBundled, writeManifest } from './scripts/manifest.ts'

interface Manifest {
  exports: Record<string, string | Record<string, string>>
}
const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const sources = Object.values(exports).flatMap((e) => (typeof e === 'string' ? [] : (e['@runfeed/source'] ?? [])))
const entries = sources.filter((s) => s.endsWith('.ts')).map((s): [name: string, source: string] => [s.slice('./src/exports/'.length, -'.ts'.length), s])

const common: UserConfig = {
  format: 'esm',
  tsconfig: 'tsconfig.build.json',
  report: false,
  platform: 'neutral',
  entry: Object.fromEntries(entries),
  // one file per source file: it keeps "use client", which a bundle drops (the warning says "may"), and task and server share the modules
  // that know which tasks there are
  unbundle: true,
  inputOptions: { checks: { moduleLevelDirective: false } },
}

export default defineConfig([
  {
    ...common,
    entry: { ...Object.fromEntries(entries), 'cli/main': 'src/cli/main.ts' },
    // what `require` in the vendored packages is; nothing that a browser loads has one
    platform: 'node',
    copy: sources.filter((s) => s.endsWith('.css')),
    dts: false,
    // what only the server uses comes along, so that a front-end install does not bring it; `npm pack` would leave out a node_modules folder
    deps: { alwaysBundle: [...bundled], onlyBundle: [...bundled], neverBundle: neverBundled },
    outputOptions: { entryFileNames: ({ name }) => `${name.replace(/^src\//, '').replaceAll('node_modules/', 'vendor/')}.js` },
    hooks: { 'build:done': writeManifest },
  },
  { ...common, deps: { neverBundle: [/^[^./]/] }, dts: { emitDtsOnly: true }, clean: false },
])
