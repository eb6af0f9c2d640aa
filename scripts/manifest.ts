// What dist/ needs beside its code: a package.json without scripts, sources and devDependencies, and the licences.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'

/** What only the server uses: it comes along in dist/vendor, with its licences. */
export const bundled = ['hono', '@hono/node-server', 'zod'] as const
/** Everything else that has a name is the application's. */
export const neverBundled: RegExp = /^(?!hono|@hono\/node-server|zod)[^./]/

type Conditions = Record<string, string>
interface Manifest {
  exports: Record<string, string | Conditions>
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
    // exact pins are for this repository; an application should be able to share a copy
    dependencies: Object.fromEntries(Object.entries(root.dependencies).map(([name, version]) => [name, `^${version}`])),
  }
}

export function writeManifest(): void {
  const root = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
  writeFileSync('dist/package.json', `${JSON.stringify(toPublished(root), null, 2)}\n`)
  for (const file of ['LICENSE', 'README.md']) if (existsSync(file)) copyFileSync(file, `dist/${file}`)
  const licences = bundled.map((name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}`)
  writeFileSync('dist/THIRD-PARTY-LICENSES', licences.join('\n---\n\n'))
}
