// Looks for a demo that is listening on this machine: ours, and none of the other servers that may have its port.
import { realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ADDRESS } from '../serve/data-folder.ts'
import { DEMO } from '../serve/routes.ts'

/** Who does not answer so soon is not asked again where others may be. */
const ANSWER_MS = 2000
const RETRY_MS = 100
/** A port that was named is asked for so long, while somebody is there whose answers are cut. */
const INSIST_MS = 10_000

/**
 * The address of the first of these ports that a demo listens on.
 * @param data - a demo with another data folder is none.
 */
export async function findDemo(ports: readonly number[], data: string | undefined): Promise<string | undefined> {
  const isWanted = (folder: unknown): boolean => data === undefined || folder === realPath(data)
  const answers = await Promise.all(ports.map(async (port) => await ask(`http://127.0.0.1:${port}`, ports.length === 1 ? INSIST_MS : 0, isWanted)))
  return answers.find((url) => url !== undefined)
}

/** The address of the demo that has this data folder, wherever it listens. */
export async function demoWith(data: string): Promise<string | undefined> {
  const noted = await readFile(join(data, ADDRESS), 'utf8').catch(() => '')
  return LOOPBACK.test(noted) ? await ask(noted, 0, (folder) => folder === realPath(data)) : undefined
}

const LOOPBACK = /^http:\/\/127\.0\.0\.1:\d{1,5}$/

async function ask(url: string, insistMs: number, isWanted: (folder: unknown) => boolean): Promise<string | undefined> {
  for (const until = Date.now() + insistMs; ; await setTimeout(RETRY_MS)) {
    try {
      const response = await fetch(`${url}/demo`, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' })
      const text = await response.text()
      const answer = response.ok ? parsed(text) : undefined
      return answer?.demo === DEMO.demo && isWanted(answer.data) ? url : undefined
    } catch (thrown) {
      // nobody is there, or it is not HTTP, or the answer was cut
      const { code } = ((thrown as Error).cause ?? {}) as { readonly code?: string }
      if (code === 'ECONNREFUSED' || Date.now() >= until) return undefined
    }
  }
}

function parsed(text: string): { readonly demo?: unknown; readonly data?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // it does not exist, so that no demo has it
    return path
  }
}
