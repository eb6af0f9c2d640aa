// Which React a test process has. Packages in node_modules are loaded by Node and not by Vite, so it is Node that is told where `react` is.
import { registerHooks } from 'node:module'

/** From here on this process loads `react-<version>` and `react-dom-<version>` in place of `react` and `react-dom`. */
export function loadReact(version: 17 | 18): void {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      return { ...found, url: found.url.replace(/\/node_modules\/(react|react-dom)\//, `/node_modules/$1-${version}/`) }
    },
  })
}
