// A client on a scripted transport, with nothing that happens by itself.
import { createRunClient } from '../../src/client/create-run-client.ts'
import type { RunClient } from '../../src/client/run-client.ts'
import type { Run } from '../../src/protocol/run.ts'
import type { Source } from '../../src/store/snapshot.ts'
import type { Scheduler } from '../../src/store/scheduler.ts'
import type { RunTransport } from '../../src/transport/run-transport.ts'
import { ManualEnvironment, settled } from '../transport/manual-environment.ts'
import { ScriptedTransport } from './scripted-transport.ts'

export class ManualScheduler implements Scheduler {
  #task: (() => void) | undefined
  schedule = (task: () => void): (() => void) => {
    this.#task = task
    return () => {
      this.#task = undefined
    }
  }
  flush(): void {
    const task = this.#task
    this.#task = undefined
    task?.()
  }
}

export interface Setup {
  readonly client: RunClient
  readonly transport: ScriptedTransport
  readonly environment: ManualEnvironment
  readonly scheduler: ManualScheduler
  /** Everything that was said so far has been applied and published. */
  readonly flush: () => Promise<void>
}

export function setUp(known: Partial<RunTransport> = {}): Setup {
  const transport = Object.assign(new ScriptedTransport(), known)
  const environment = new ManualEnvironment()
  const scheduler = new ManualScheduler()
  const client = createRunClient({ transport, environment, scheduler })
  const flush = async (): Promise<void> => {
    await settled()
    scheduler.flush()
  }
  return { client, transport, environment, scheduler, flush }
}

/** Follows a source and counts. */
export function follow<T>(source: Source<T>): { readonly source: Source<T>; readonly stop: () => void; readonly seen: T[] } {
  const seen: T[] = []
  const stop = source.subscribe(() => seen.push(source.getSnapshot()))
  return { source, stop, seen }
}

export const record = (known: Partial<Run> = {}): Run => ({
  id: 'run_a',
  namespace: 'default',
  task: 'demo',
  status: 'EXECUTING',
  tags: [],
  parentId: null,
  rootId: 'run_a',
  depth: 0,
  attempt: 1,
  replayOf: null,
  payload: null,
  metadata: {},
  output: undefined,
  error: null,
  createdAt: 1,
  startedAt: 2,
  finishedAt: null,
  cancelRequestedAt: null,
  updatedAt: 3,
  version: 1,
  streams: {},
  ...known,
})
