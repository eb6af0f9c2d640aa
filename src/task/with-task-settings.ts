// A backend that gives every new run what its task says, whoever makes it: task code, REST, a replay.
import type { RunBackend } from '../protocol/engine.ts'
import type { NewRun } from '../protocol/run.ts'
import { type AnyTask, definitionOf } from './task-definition.ts'
import { withSettings } from './task-settings.ts'

/** @throws RunfeedError `not_a_task` */
export function withTaskSettings<B extends Pick<RunBackend, 'record'>>(backend: B, tasks: readonly AnyTask[]): B {
  const settings = new Map(tasks.map((task) => [task.id, definitionOf(task).settings]))
  const create: RunBackend['record']['create'] = async (runs) =>
    await backend.record.create(
      runs.map((run): NewRun => {
        const known = settings.get(run.task)
        return known ? withSettings(run, known) : run
      }),
    )
  return instead(backend, { record: instead(backend.record, { create }) } as Partial<B>)
}

/** `target` with some members replaced. Its methods keep it as `this`: an engine may have private fields. */
export function instead<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      if (Object.hasOwn(members, name)) return members[name as keyof T]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
