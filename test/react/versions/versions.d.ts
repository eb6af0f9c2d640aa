import 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The major version of React, and whether the React Compiler is on. */
    readonly versions: { readonly react: string; readonly isCompiled: boolean }
  }
}
