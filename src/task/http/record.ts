// Runs of a server elsewhere, by its REST API.
import type { CommitAnswer, RunBackend } from '../../protocol/engine.ts'
import { HttpError, ProtocolError } from '../../protocol/errors.ts'
import type { Json } from '../../protocol/json.ts'
import type { RunPage } from '../../protocol/rest.ts'
import type { Run } from '../../protocol/run.ts'
import type { Api } from './api.ts'
import { checkBatch } from './batch-limit.ts'

/** A page's most, which the server would refuse to pass. */
const MAX_PAGE = 200

export const pathOf = (run: string): string => `/v1/runs/${encodeURIComponent(run)}`

export function httpRecord(api: Api): RunBackend['record'] {
  return {
    // what a run starts is its task's word: the worker for it may come later
    async create(runs) {
      checkBatch(runs)
      return as<{ runs: readonly Run[] }>((await api.call('POST', '/v1/runs', { runs: api.clock.runs(runs), anyTask: true })).body).runs.map(whole)
    },
    async read(run) {
      try {
        const { body, headers } = await api.call('GET', pathOf(run))
        return { run: whole(as<Run>(body)), cursor: cursorOf(headers, run) }
      } catch (thrown) {
        // a proxy's 404 has no type: it says nothing about the run
        if (thrown instanceof HttpError && thrown.type === 'not_found') return undefined
        throw thrown
      }
    },
    async commit({ run, ...commit }) {
      const answer = as<CommitAnswer>((await api.call('POST', `${pathOf(run)}/commits`, api.clock.commit(commit))).body)
      return answer.since && 'run' in answer.since ? { ...answer, since: { run: whole(answer.since.run) } } : answer
    },
    async list({ limit, after, ids, status, task, tag, parent }) {
      const query = new URLSearchParams()
      const say = (name: string, value: string | undefined): void => void (value !== undefined && query.set(name, value))
      say('ids', ids?.join(','))
      say('task', task)
      say('tag', tag)
      say('parent', parent)
      say('status', status?.join(','))
      say('limit', limit === undefined ? undefined : String(Math.min(limit, MAX_PAGE)))
      say('after', after)
      const page = as<RunPage>((await api.call('GET', `/v1/runs?${query}`)).body)
      return { ...page, runs: page.runs.map(whole) }
    },
    cancel: async (run) => whole(as<Run>((await api.call('POST', `${pathOf(run)}/cancel`)).body)),
    isSettled: async (run) => as<{ settled: boolean }>((await api.call('GET', `${pathOf(run)}/settled`)).body).settled,
  }
}

/** The server's answers are taken as what the protocol says they are. */
export const as = <T>(body: Json): T => body as unknown as T

/** JSON leaves out what is undefined. */
export const whole = (run: Run): Run => ({ ...run, output: run.output })

/** A proxy that compresses makes a strong tag a weak one. */
function cursorOf(headers: Headers, run: string): string {
  const cursor = /^(?:W\/)?"([^"]+)"$/.exec(headers.get('etag') ?? '')?.[1]
  if (cursor === undefined) throw new ProtocolError(`the server answered ${run} without its ETag; let the proxies between pass that header`)
  return cursor
}
