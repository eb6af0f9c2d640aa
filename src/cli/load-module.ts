// Imports a file that a user names, TypeScript as well: by `tsx` where the project has it, which reads more of the language, else by Node itself.
import { existsSync, readFileSync, statSync } from 'node:fs'
// by its object: a Node before 22.15 has no `registerHooks`, and would load nothing of this command for want of the name
import nodeModule, { createRequire } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from './usage-error.ts'

export type Module = Readonly<Record<string, unknown>>

interface TsxManifest {
  readonly exports: { readonly './esm/api': { readonly import: string | { readonly default: string } } }
}

const TYPESCRIPT: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts', '.tsx'])

/** @throws UsageError when it is not there, cannot be read by this Node, throws, or waits for what never comes. */
export async function loadModule(file: string): Promise<Module> {
  const path = resolve(file)
  if (!existsSync(path) || !statSync(path).isFile()) throw new UsageError(`there is no file ${file}`)
  if (TYPESCRIPT.has(extname(path))) await prepareTypeScript(path, file)
  try {
    const module = await orNever(import(pathToFileURL(path).href) as Promise<Module>)
    if (module) return module
  } catch (thrown) {
    const error = new UsageError(`${file} could not be loaded: ${reasonOf(thrown)}${adviceFor(thrown)}`)
    error.cause = thrown
    throw error
  }
  throw new UsageError(`${file} did not finish loading: a top-level await in it, or in what it imports, waits for what never comes`)
}

/** @returns `undefined` when nothing is left to do and the file still waits: Node would end with 13, and name a line of this command. */
async function orNever(loading: Promise<Module>): Promise<Module | undefined> {
  let isIdle = (): void => {}
  const idle = new Promise<undefined>((resolve) => {
    isIdle = () => resolve(undefined)
  })
  process.once('beforeExit', isIdle)
  try {
    return await Promise.race([loading, idle])
  } finally {
    process.off('beforeExit', isIdle)
  }
}

async function prepareTypeScript(path: string, file: string): Promise<void> {
  const tsx = tsxOf(path)
  if (tsx !== undefined) {
    // without a namespace of its own: tasks and this command must share the modules that know which tasks there are
    const { register } = (await import(pathToFileURL(tsx).href)) as { readonly register: () => unknown }
    register()
    return
  }
  const { typescript } = process.features as { readonly typescript?: string | false }
  if (typescript && extname(path) !== '.tsx') return readModulesAsModules()
  const own =
    extname(path) === '.tsx'
      ? 'Node reads no JSX: use a .ts file'
      : `this is Node ${process.version}: use Node 22.18 or later, which reads TypeScript by itself`
  throw new UsageError(`${file} cannot be read as it is, and ${own}, or install tsx where the file is (npm install --save-dev tsx)`)
}

/** What is left once types are gone, and no CommonJS file can have. */
const MODULE_SYNTAX = /^[ \t]*(?:import\b(?!\s*(?:type\b|[(.]))|export\b(?!\s*(?:type|interface)\b))/m

/** `npm init` writes `"type": "commonjs"`, under which Node refuses a `.ts` file that has `import`: such a file is a module all the same, as tsx takes it. */
function readModulesAsModules(): void {
  // one that reads TypeScript by a flag may lack it
  const { registerHooks } = nodeModule as Partial<Pick<typeof nodeModule, 'registerHooks'>>
  registerHooks?.({
    load: (url, context, nextLoad) => {
      const isModule = context.format === 'commonjs-typescript' && url.endsWith('.ts') && MODULE_SYNTAX.test(readFileSync(fileURLToPath(url), 'utf8'))
      return nextLoad(url, isModule ? { ...context, format: 'module-typescript' } : context)
    },
  })
}

/** Where the tsx is that the file could import; `undefined` where there is none. */
function tsxOf(path: string): string | undefined {
  try {
    const manifest = createRequire(path).resolve('tsx/package.json')
    // as an import would find it, which cannot be asked for from another file's place; what `require` finds fails under Node 20
    const { exports } = createRequire(manifest)(manifest) as TsxManifest
    const { import: found } = exports['./esm/api']
    return join(dirname(manifest), typeof found === 'string' ? found : found.default)
  } catch {
    return undefined
  }
}

/** The message, and the first place in somebody's file. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const lines = thrown.stack?.split('\n')
  // what does not even parse is named in the first line
  const place = /^file:.*:\d+$/.test(lines?.[0] ?? '') ? lines?.[0] : lines?.find(isPlace)
  return `${thrown.name}: ${thrown.message}${place === undefined ? '' : ` (${place.trim()})`}`
}

/** Not one of this command itself. */
const isPlace = (line: string): boolean => /^\s+at .*file:\/\//.test(line) && !line.includes('/node_modules/') && !line.includes(import.meta.url)

/** `enum`, a namespace, a parameter property: types that are code too. */
const adviceFor = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
    ? '; Node reads no such TypeScript: install tsx where the file is, which does (npm install --save-dev tsx)'
    : ''
