// A contender's page as for production, in one script: minified, with the same React for all.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import react from '@vitejs/plugin-react'
import { build, defaultClientConditions } from 'vite'

const require = createRequire(import.meta.url)
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`))

/** @param page - its file, from this folder. */
export async function buildPage(page: string): Promise<string> {
  const result = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    plugins: [react()],
    resolve: {
      conditions: ['@runfeed/source', ...defaultClientConditions],
      alias: [
        { find: /^react(?=\/|$)/, replacement: folderOf('react') },
        { find: /^react-dom(?=\/|$)/, replacement: folderOf('react-dom') },
      ],
    },
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: { input: join(import.meta.dirname, page), output: { codeSplitting: false } },
    },
  })
  if (Array.isArray(result) || !('output' in result)) throw new Error(`${page} was not built into one bundle`)
  const [script, ...more] = result.output
  if (more.length > 0) throw new Error(`${page} was built into more than one file: ${more.map(({ fileName }) => fileName).join(', ')}`)
  return script.code
}
