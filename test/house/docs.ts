// The code in README.md and docs/: takes the ts and tsx blocks out and writes them where tsc and Node resolve `runfeed/...` as in this repository.
// A block is a module of its own. `file=name.ts` in its info string names it, so that other blocks of the same page can import it.
// `run` in the info string has it run; a block marked `output` right after it is what it prints.
// `from=demo/next/app/page.tsx` says that it is that file of this repository, which is checked where it is: here only whether it is the same.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Block {
  /** As in `README.md:12`, where the block's first line is. */
  readonly at: string
  readonly file: string
  readonly code: string
  readonly run: boolean
  readonly output: string | undefined
}

/** A block that shows a file. */
export interface ShownFile {
  readonly at: string
  /** From the repository's root. */
  readonly path: string
  readonly text: string
}

interface Fence {
  readonly line: number
  readonly info: readonly string[]
  readonly text: string
}

const fencePattern = /^([ \t]*)(`{3,}|~{3,})([^\n`]*)\n([\s\S]*?)^[ \t]*\2[ \t]*$/gm

function fencesOf(page: string): Fence[] {
  return [...page.matchAll(fencePattern)].map((match) => {
    const [, indent = '', , info = '', text = ''] = match
    const line = page.slice(0, match.index).split('\n').length + 1
    return { line, info: info.trim().split(/\s+/), text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }
  })
}

const wordOf = (words: readonly string[], name: string): string | undefined => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)

export function shownFilesOf(name: string, page: string): ShownFile[] {
  return fencesOf(page).flatMap(({ line, info, text }) => {
    const path = wordOf(info, 'from')
    return path === undefined ? [] : [{ at: `${name}:${line}`, path, text }]
  })
}

export function blocksOf(name: string, page: string): Block[] {
  const fences = fencesOf(page)
  return fences.flatMap(({ line, info: [language = '', ...words], text }, i) => {
    if ((language !== 'ts' && language !== 'tsx') || wordOf(words, 'from') !== undefined) return []
    const next = fences[i + 1]
    return {
      at: `${name}:${line}`,
      file: join(name, wordOf(words, 'file') ?? `line-${line}.${language}`),
      // as many lines above it as on the page: an error's line is the page's
      code: '\n'.repeat(line - 1) + text,
      run: words.includes('run'),
      output: next?.info[0] === 'output' ? next.text : undefined,
    }
  })
}

/** Writes the blocks into an empty folder, with a tsconfig that has them all in one program. */
export function writeBlocks(folder: string, tsconfig: string, blocks: readonly Block[]): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // with the types of what is shown and not installed
  const include = ['.', join(tsconfig, '..', 'test', 'house', '*.d.ts')]
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: tsconfig, compilerOptions: { moduleDetection: 'force' }, include }))
  for (const { file, code } of blocks) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), code)
  }
}
