// The servers of this process, for code outside of a run: each holds tasks, by object and by id.
import type { RunBackend } from '../protocol/engine.ts'
import { RunfeedError } from '../protocol/errors.ts'
import { currentScope } from './run-scope.ts'
import type { AnyTask } from './task-definition.ts'

interface Bound {
  readonly backend: RunBackend
  readonly tasks: readonly AnyTask[]
}

/** Newest first: a test, or a reload, that starts a second server means that one. */
const bound: Bound[] = []

/** From now on code outside of a run finds `backend` by these tasks. @returns ends that. */
export function bindBackend(backend: RunBackend, tasks: readonly AnyTask[]): () => void {
  const one: Bound = { backend, tasks }
  bound.unshift(one)
  return () => {
    const at = bound.indexOf(one)
    if (at >= 0) bound.splice(at, 1)
  }
}

/** @throws RunfeedError `not_configured` */
export function backendOfTask(task: AnyTask): RunBackend {
  const found = bound.find(({ tasks }) => tasks.includes(task))
  return (found ?? boundById(task.id)).backend
}

/** @throws RunfeedError `not_configured` */
export const backendOfTaskId = (id: string): RunBackend => boundById(id).backend

function boundById(id: string): Bound {
  const found = bound.find(({ tasks }) => tasks.some((task) => task.id === id))
  if (!found) throw new RunfeedError('not_configured', `no server of this process holds the task "${id}"; pass it to createRunServer({ tasks })`)
  return found
}

/** What has the records that the current code can mean: its run's, or the newest server's. @throws RunfeedError `not_configured` */
export function currentBackend(): RunBackend {
  const backend = currentScope()?.host.backend ?? bound[0]?.backend
  if (!backend) throw new RunfeedError('not_configured', 'there is no server with tasks in this process; start one with createRunServer({ tasks })')
  return backend
}
