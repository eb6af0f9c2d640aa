// An application of its own, in a folder of its own, with the packed package in it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '..', '..')
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }

/** Runs a command to its end. @returns what it printed @throws with all of it when it fails */
export function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

export interface PackedApp {
  readonly folder: string
  remove(): void
}

/**
 * Builds, packs and installs.
 * @param packages - by name, at the version that this repository pins; or `name@version`.
 */
export function packedApp(packages: readonly string[]): PackedApp {
  const folder = mkdtempSync(join(tmpdir(), 'runfeed-app-'))
  run(root, process.execPath, 'node_modules/tsdown/dist/run.mjs', '--logLevel', 'error')
  const tarball = run(join(root, 'dist'), 'npm', 'pack', '--silent', '--pack-destination', folder).trim()
  const versions = packages.map((name) => {
    const at = name.lastIndexOf('@')
    return at > 0 ? [name.slice(0, at), name.slice(at + 1)] : [name, devDependencies[name]]
  })
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', private: true, dependencies: { runfeed: `file:${tarball}`, ...Object.fromEntries(versions) } }),
  )
  run(folder, 'npm', 'install', '--silent', '--prefer-offline', '--no-audit', '--no-fund')
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
