import { availableParallelism } from 'node:os'
import { storybookTest } from '@storybook/addon-vitest/vitest-plugin'
import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { chromium } from './scripts/chromium.ts'
import { reactProjects } from './test/react/versions/projects.ts'

// Groups run one after another: beside a browser, or beside servers with deadlines, other tests would only make each other slow and flaky.
const group = { fast: 0, e2e: 1, browser: 2, storybook: 3 }

export default defineConfig(async () => {
  const launchOptions = await chromium()
  // a fresh object per project: two projects must not share one
  const browser = (project: string, ...schemes: readonly ('light' | 'dark')[]) => ({
    enabled: true,
    headless: true,
    screenshotFailures: false,
    instances: schemes.map((colorScheme) => ({
      browser: 'chromium' as const,
      name: `${project} (${colorScheme})`,
      provider: playwright({ launchOptions, contextOptions: { colorScheme } }),
    })),
  })
  return {
    // tests import `runfeed/...` as users do, and get the sources
    resolve: { conditions: ['@runfeed/source', ...defaultClientConditions] },
    ssr: { resolve: { conditions: ['@runfeed/source', ...defaultServerConditions] } },
    test: {
      reporters: ['default', './scripts/closing-line.ts'],
      maxWorkers: Math.max(2, availableParallelism() - 1),
      // a test waits for what it expects; this ends one that would wait for ever, on however busy a machine
      testTimeout: 60_000,
      hookTimeout: 60_000,
      projects: [
        {
          extends: true,
          test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'test/package/**'], sequence: { groupOrder: group.fast } },
        },
        {
          extends: true,
          plugins: [react()],
          test: {
            name: 'dom',
            environment: 'jsdom',
            include: ['test/**/*.dom.test.tsx'],
            setupFiles: ['test/house/dom.setup.ts'],
            provide: { versions: { react: '19', isCompiled: false } },
            sequence: { groupOrder: group.fast },
          },
        },
        ...reactProjects(group.fast),
        {
          extends: true,
          test: {
            name: 'types',
            include: [],
            typecheck: { enabled: true, only: true, include: ['test/**/*.test-d.ts'] },
            sequence: { groupOrder: group.fast },
          },
        },
        {
          extends: true,
          test: {
            name: 'e2e',
            include: ['test/e2e/**/*.test.ts', 'test/package/**/*.test.ts'],
            fileParallelism: false,
            testTimeout: 120_000,
            sequence: { groupOrder: group.e2e },
          },
        },
        {
          extends: true,
          plugins: [react()],
          // named here, because Vite would otherwise find them during the run and reload the page under a test
          optimizeDeps: {
            include: [
              'react',
              'react-dom',
              'react-dom/client',
              'react/jsx-runtime',
              'react/jsx-dev-runtime',
              'vitest-browser-react',
              'use-sync-external-store/shim',
              'eventsource-parser',
            ],
          },
          test: { name: 'browser', include: ['test/**/*.browser.test.tsx'], browser: browser('browser', 'light'), sequence: { groupOrder: group.browser } },
        },
        {
          extends: true,
          plugins: [storybookTest({ configDir: '.storybook', disableAddonDocs: true })],
          // in both schemes, because axe judges the contrast of what it sees
          test: { name: 'storybook', browser: browser('storybook', 'light', 'dark'), sequence: { groupOrder: group.storybook } },
        },
      ],
    },
  }
})
