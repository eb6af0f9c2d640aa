// What dist/ needs beside its code: a package.json without scripts, sources and devDependencies, and the licences.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** What only the server and the command use, and what that uses: it comes along in dist/vendor, with its licences. */
export const bundled = [
  'hono',
  '@hono/node-server',
  'zod',
  'jose',
  'commander',
  'cli-progress',
  'string-width',
  'strip-ansi',
  'ansi-regex',
  'emoji-regex',
  'is-fullwidth-code-point',
] as const
/** Everything else that has a name is the application's. */
export const neverBundled: RegExp = new RegExp(`^(?!(?:${bundled.join('|')})(?:/|$))[^./]`)

type Conditions = Record<string, string>
interface Manifest {
  exports: Record<string, string | Conditions>
  bin: Record<string, string>
  dependencies: Record<string, string>
  [field: string]: unknown
}

const published = ['name', 'version', 'description', 'license', 'type', 'sideEffects', 'peerDependencies', 'peerDependenciesMeta']
const fromDist = (path: string) => path.replace(/^\.\/dist\//, './')

function toPublished(root: Manifest): Manifest {
  const exports = Object.entries(root.exports).map(([subpath, target]) => {
    if (typeof target === 'string') return [subpath, target] as const
    const conditions = Object.entries(target).filter(([condition]) => condition !== '@runfeed/source')
    return [subpath, Object.fromEntries(conditions.map(([condition, path]) => [condition, fromDist(path)]))] as const
  })
  return {
    ...Object.fromEntries(published.map((field) => [field, root[field]])),
    exports: Object.fromEntries(exports),
    bin: Object.fromEntries(Object.entries(root.bin).map(([name, path]) => [name, fromDist(path)])),
    // exact pins are for this repository; an application should be able to share a copy
    dependencies: Object.fromEntries(Object.entries(root.dependencies).map(([name, version]) => [name, `^${version}`])),
  }
}

export function writeManifest(): void {
  const root = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
  writeFileSync('dist/package.json', `${JSON.stringify(toPublished(root), null, 2)}\n`)
  for (const file of ['LICENSE', 'README.md']) if (existsSync(file)) copyFileSync(file, `dist/${file}`)
  const licences = bundled.map((name) => `${name}\n\n${readFileSync(licenceOf(name), 'utf8')}`)
  writeFileSync('dist/THIRD-PARTY-LICENSES', licences.join('\n---\n\n'))
}

/** Their authors name it differently. */
function licenceOf(name: string): string {
  const file = readdirSync(`node_modules/${name}`).find((one) => /^licen[cs]e/i.test(one))
  if (file === undefined) throw new Error(`${name} has no licence file, and cannot come along`)
  return `node_modules/${name}/${file}`
}
