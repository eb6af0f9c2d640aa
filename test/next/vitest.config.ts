// `npm run test:next`: the app in demo/next, installed and built and used. Not a part of `npm test`, because it installs packages of its own.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line.ts'],
    include: ['test/next/*.check.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    // installs and builds
    hookTimeout: 900_000,
  },
})
