// What code outside of a run calls: a server or worker of this process, which holds tasks by object and by id, else the server elsewhere that
// was configured.
import type { RunBackend } from '../protocol/engine.ts'
import { RunfeedError } from '../protocol/errors.ts'
import { configuredBackend } from './configure.ts'
import { currentScope } from './run-scope.ts'
import type { AnyTask } from './task-definition.ts'

interface Bound {
  readonly backend: RunBackend
  readonly tasks: readonly AnyTask[]
}

/** How long a call from outside of a run is made again, ms: somebody waits for its answer. */
export const OUTSIDE_PATIENCE_MS = 10_000

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
export const backendOfTask = (task: AnyTask): RunBackend => bound.find(({ tasks }) => tasks.includes(task))?.backend ?? backendOfTaskId(task.id)

/** @throws RunfeedError `not_configured` */
export const backendOfTaskId = (id: string): RunBackend =>
  bound.find(({ tasks }) => tasks.some((task) => task.id === id))?.backend ??
  configuredBackend() ??
  notConfigured(`no server of this process holds the task "${id}"`, 'pass it to createRunServer({ tasks })')

/** What has the records that the current code can mean: its run's, the newest server's, the configured one's. @throws RunfeedError `not_configured` */
export const currentBackend = (): RunBackend =>
  currentScope()?.host.backend ?? outsideBackend() ?? notConfigured('this process has no server with tasks', 'start one with createRunServer({ tasks })')

/** The newest server's, or the configured one's. */
export const outsideBackend = (): RunBackend | undefined => bound[0]?.backend ?? configuredBackend()

/** @throws RunfeedError `not_configured`, naming both ways */
export function notConfigured(what: string, here: string): never {
  throw new RunfeedError(
    'not_configured',
    `${what}, and none elsewhere is configured; ${here}, or name a server with configure({ url, secretKey }) or RUNFEED_URL and RUNFEED_SECRET_KEY`,
  )
}
