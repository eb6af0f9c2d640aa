// Makes the command's process one of an older Node, in which `node:module` has no `registerHooks` to import (20, and 22 before 22.15).
import { registerHooks } from 'node:module'

const OLDER = `data:text/javascript,${encodeURIComponent(`
import now from 'node:module'
const { registerHooks, ...older } = now
export const { createRequire } = now
export default older
`)}`

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:module' && context.parentURL?.endsWith('/src/cli/load-module.ts')
      ? { url: OLDER, format: 'module', shortCircuit: true }
      : next(specifier, context),
})
