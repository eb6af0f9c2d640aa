// The queue of a server elsewhere, by its REST API. Whose runs are claimed, and that the worker is remote, is the server's to say.
import type { Claim, RunQueue } from '../../protocol/engine.ts'
import type { Api } from './api.ts'
import { as, whole } from './record.ts'

export function httpQueue(api: Api): RunQueue {
  return {
    claim: async ({ worker, tasks, max, sequence, limits, settings }) =>
      as<{ claims: readonly Claim[] }>((await api.call('POST', '/v1/queue/claim', { worker, tasks, max, sequence, limits, settings })).body).claims.map(held),
    begin: async (run, { worker }) => held(as<Claim>((await api.call('POST', '/v1/runs/begin', { run, worker })).body)),
    renew: async (worker, runs) => as<{ runs: readonly string[] }>((await api.call('POST', '/v1/queue/renew', { worker, runs })).body).runs,
    release: async (worker, run) => void (await api.call('POST', '/v1/queue/release', { worker, run })),
  }
}

const held = (claim: Claim): Claim => ({ ...claim, run: whole(claim.run) })
