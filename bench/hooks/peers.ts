// The peers are installed beside this, and only where somebody benches: what checks types and tests does without them.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const peers = createRequire(new URL('../peers/package.json', import.meta.url))

/** @throws when the peers are not installed, saying how they are. */
export function checkPeers(): void {
  const { dependencies } = peers('./package.json') as { readonly dependencies: { readonly [name: string]: string } }
  for (const [name, wanted] of Object.entries(dependencies)) {
    const found = versionOf(name)
    if (found !== wanted) throw new Error(`${name} ${wanted} is ${found ? `not installed, but ${found}` : 'not installed'}: npm install --prefix bench/peers`)
  }
}

export function versionOf(name: string): string | undefined {
  for (const folder of peers.resolve.paths(name) ?? [])
    try {
      return (peers(`${folder}/${name}/package.json`) as { readonly version: string }).version
    } catch {}
  return undefined
}

/** A peer's CommonJS module. */
export const requirePeer = (name: string): unknown => peers(name)
/** A peer's module, imported. */
export const importPeer = async (name: string): Promise<unknown> => (await import(pathToFileURL(peers.resolve(name)).href)) as unknown
