// The hooks' suite again: on React 18, its hook half on React 17, and on 19 with the React Compiler on. One Vitest project each.
import { existsSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import type { TestProjectConfiguration } from 'vitest/config'
import { reactCompiler } from './compiler.ts'

const isInstalled = (name: string): boolean => existsSync(new URL(`../../../node_modules/${name}/package.json`, import.meta.url))
const all = 'test/react/**/*.dom.test.tsx'

/** Activity came with 19. */
const notOn18 = ['test/react/activity.dom.test.tsx']
/** Concurrent rendering and its way to hydrate came with 18; what a legacy root does with Suspense is its own. */
const notOn17 = [...notOn18, 'test/react/concurrent.dom.test.tsx', 'test/react/hydration*.dom.test.tsx', 'test/react/use-suspense-run.dom.test.tsx']

/** @param groupOrder - beside which other projects they run. */
export function reactProjects(groupOrder: number): TestProjectConfiguration[] {
  const common = { environment: 'jsdom', include: [all], sequence: { groupOrder } }
  const domSetup = 'test/house/dom.setup.ts'
  const projects: TestProjectConfiguration[] = []
  if (isInstalled('react-18') && isInstalled('react-dom-18'))
    projects.push({
      extends: true,
      plugins: [react()],
      test: {
        ...common,
        name: 'react-18',
        exclude: notOn18,
        setupFiles: ['test/react/versions/react-18.setup.ts', domSetup],
        provide: { versions: { react: '18', isCompiled: false } },
      },
    })
  if (isInstalled('react-17') && isInstalled('react-dom-17'))
    projects.push({
      extends: true,
      plugins: [react()],
      resolve: { alias: { '@testing-library/react': new URL('testing-library-17.ts', import.meta.url).pathname } },
      test: {
        ...common,
        name: 'react-17',
        exclude: notOn17,
        setupFiles: ['test/react/versions/react-17.setup.ts', domSetup],
        provide: { versions: { react: '17', isCompiled: false } },
      },
    })
  if (isInstalled('babel-plugin-react-compiler'))
    projects.push({
      extends: true,
      plugins: [reactCompiler(), react()],
      test: { ...common, name: 'compiler', setupFiles: [domSetup], provide: { versions: { react: '19', isCompiled: true } } },
    })
  return projects
}
