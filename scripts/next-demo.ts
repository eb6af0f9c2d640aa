// demo/next on a fresh clone: packs this package into it, installs what its lock file names, builds it, and starts it (`--build`: no more than that).
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
export const nextDemo: string = join(root, 'demo', 'next')

const INSTALL_MS = 150_000
const BUILD_MS = 300_000
/** A registry that fails once answers the next time, as a rule. */
const ATTEMPTS = 3

/** @throws Error with the command, and what it printed. */
function run(cwd: string, timeout: number, command: string, ...args: readonly string[]): string {
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    cwd,
    timeout,
    encoding: 'utf8',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
    // npm is a script there
    shell: process.platform === 'win32' && command === 'npm',
  })
  if (status === 0) return stdout
  const how = signal === null ? `failed (${status})` : `was stopped after ${timeout / 1000} s`
  throw new Error(`${command} ${args.join(' ')} ${how} in ${cwd}\n${stdout}\n${stderr}`)
}

/** The package as it is published. */
function pack(): void {
  run(root, BUILD_MS, process.execPath, 'node_modules/tsdown/dist/run.mjs', '--logLevel', 'error')
  const packed = run(join(root, 'dist'), INSTALL_MS, 'npm', 'pack', '--silent', '--pack-destination', nextDemo).trim()
  renameSync(join(nextDemo, packed), join(nextDemo, 'runfeed.tgz'))
}

/** Does nothing where the last installation was of the same lock file and the same package. */
function install(): void {
  const stamp = join(nextDemo, 'node_modules', '.installed')
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', 'runfeed.tgz']) hash.update(readFileSync(join(nextDemo, file)))
  const want = hash.digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === want) return
  for (let attempt = 1; ; attempt++)
    try {
      run(nextDemo, INSTALL_MS, 'npm', 'ci', '--prefer-offline', '--fetch-retries=1', '--loglevel=error')
      writeFileSync(stamp, want)
      return
    } catch (thrown) {
      if (attempt === ATTEMPTS) throw new Error(`what demo/next/package-lock.json names could not be installed, ${ATTEMPTS} times`, { cause: thrown })
      console.error(`installing in demo/next failed, and is tried again: ${String(thrown).slice(0, 2000)}`)
    }
}

/** @param folder - the app, or a variant of it in a folder of its own below it. */
export function buildNext(folder: string): void {
  run(folder, BUILD_MS, process.execPath, join(nextDemo, 'node_modules/next/dist/bin/next'), 'build')
}

export function installNextDemo(): void {
  pack()
  install()
}

if (process.argv[1] === import.meta.filename) {
  installNextDemo()
  buildNext(nextDemo)
  if (!process.argv.includes('--build')) spawnSync(process.execPath, ['start.mjs', 'start'], { cwd: nextDemo, stdio: 'inherit' })
}
