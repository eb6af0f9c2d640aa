// A Vite plugin that puts the React Compiler over the tests' components, as it is over those of its users. What is in a package it leaves alone.
import { transformAsync } from '@babel/core'
import type { Plugin } from 'vite'

export const reactCompiler = (): Plugin => ({
  name: 'react-compiler',
  enforce: 'pre',
  async transform(code, id) {
    const [file = id] = id.split('?')
    if (!/\/test\/react\/.*\.tsx$/.test(file)) return
    const compiled = await transformAsync(code, {
      filename: file,
      babelrc: false,
      configFile: false,
      sourceMaps: true,
      parserOpts: { plugins: ['typescript', 'jsx'] },
      // components and hooks of tests are made inside of functions: all that look like one are compiled
      plugins: [['babel-plugin-react-compiler', { compilationMode: 'infer', panicThreshold: 'none' }]],
    })
    return compiled?.code ? { code: compiled.code, map: compiled.map as never } : undefined
  },
})
