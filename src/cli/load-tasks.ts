// The tasks of a file: whatever it exports that is one, alone or in a list, and `config`. A task is known by the module that made it, so that
// file and command must use the same copy of runfeed.
import type { RunfeedConfig } from '../task/hooks.ts'
import { type AnyTask, definitionOf } from '../task/task-definition.ts'
import { loadModule } from './load-module.ts'
import { UsageError } from './usage-error.ts'

export interface TaskFiles {
  readonly tasks: readonly AnyTask[]
  /** Hooks for every task. */
  readonly config: RunfeedConfig | undefined
}

/** @throws UsageError */
export async function loadTasks(files: readonly string[]): Promise<TaskFiles> {
  const tasks = new Map<string, { readonly task: AnyTask; readonly file: string }>()
  let config: RunfeedConfig | undefined
  for (const file of files) {
    const module = await loadModule(file)
    const found = Object.entries(module).flatMap(([name, value]) => tasksOf(value, `${file}: ${name}`))
    if (found.length === 0) throw new UsageError(`${file} exports no task; export what task({ id, run }) gives`)
    for (const task of found) {
      const known = tasks.get(task.id)
      if (known && known.task !== task) throw new UsageError(`there are two tasks with the id "${task.id}", in ${known.file} and ${file}; give one another id`)
      tasks.set(task.id, { task, file })
    }
    const own = configOf(module, file)
    if (own && config && own !== config) throw new UsageError(`${file} exports a second config; hooks for every task are in one`)
    config ??= own
  }
  return { tasks: [...tasks.values()].map(({ task }) => task), config }
}

function tasksOf(value: unknown, where: string): readonly AnyTask[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => tasksOf(one, where))
  if (!isLikeTask(value)) return []
  try {
    definitionOf(value)
    return [value]
  } catch {
    throw new UsageError(`${where} is a task of another copy of runfeed than this command's; call the one that is installed beside the file: npx runfeed`)
  }
}

const isLikeTask = (value: unknown): value is AnyTask =>
  typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string' && 'triggerAndWait' in value

function configOf({ config }: { readonly config?: unknown }, file: string): RunfeedConfig | undefined {
  if (config === undefined) return undefined
  const isConfig = typeof config === 'object' && config !== null && Object.values(config).every((hook) => typeof hook === 'function')
  if (!isConfig) throw new UsageError(`${file}: config is no set of hooks; make it with defineConfig({ onStart, onComplete, ... })`)
  return config
}
