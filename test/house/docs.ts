// The code in README.md and docs/: takes the ts and tsx blocks out and writes them where tsc and Node resolve `runfeed/...` as in this repository.
// A block is a module of its own. `file=name.ts` in its info string names it, so that other blocks of the same page can import it.
// `run` in the info string has it run; a block marked `output` right after it is what it prints.
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

export function blocksOf(name: string, page: string): Block[] {
  const fences = fencesOf(page)
  return fences.flatMap(({ line, info: [language = '', ...words], text }, i) => {
    if (language !== 'ts' && language !== 'tsx') return []
    const next = fences[i + 1]
    return {
      at: `${name}:${line}`,
      file: join(name, words.find((word) => word.startsWith('file='))?.slice('file='.length) ?? `line-${line}.${language}`),
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
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: tsconfig, compilerOptions: { moduleDetection: 'force' }, include: ['.'] }))
  for (const { file, code } of blocks) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), code)
  }
}
