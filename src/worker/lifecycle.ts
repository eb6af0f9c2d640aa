// Calls the hooks of a task and the global ones around an attempt, in their order and within their time.
import { RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { HookParams, RunResult, TaskHooks } from '../task/hooks.ts'
import { type RunScope, withScope } from '../task/run-scope.ts'

/** What a hook may take, ms. */
const HOOK_MS = 10_000

type Name = Exclude<keyof TaskHooks, 'middleware'>

export class Lifecycle {
  readonly #scope: RunScope
  /** The global ones first: they stand around the task's own. */
  readonly #all: readonly TaskHooks[]
  readonly #params: HookParams
  #canceling: Promise<void> | undefined

  constructor(scope: RunScope, global: TaskHooks, own: TaskHooks, params: HookParams) {
    this.#scope = scope
    this.#all = [global, own]
    this.#params = params
  }

  /** @throws what a hook throws */
  async before(isFirst: boolean): Promise<void> {
    for (const hooks of this.#all) await this.#call(hooks, 'init', {})
    if (isFirst) for (const hooks of this.#all) await this.#call(hooks, 'onStart', {})
  }

  /** @throws what the middleware or `run` throws */
  async around(run: () => Promise<unknown>): Promise<unknown> {
    let output: unknown
    let failure: { readonly thrown: unknown } | undefined
    const inner = async (): Promise<void> => {
      try {
        output = await run()
      } catch (thrown) {
        failure = { thrown }
        throw thrown
      }
    }
    let next = inner
    for (const { middleware } of this.#all.toReversed()) if (middleware) next = this.#wrap(middleware, next)
    await next()
    // a middleware that caught it has logged it, say: the run failed all the same
    if (failure) throw failure.thrown
    return output
  }

  #wrap(middleware: NonNullable<TaskHooks['middleware']>, inner: () => Promise<void>): () => Promise<void> {
    return async () => {
      let called: Promise<void> | undefined
      // called twice it would run the task twice
      const next = (): Promise<void> => (called ??= inner())
      await middleware({ ...this.#params, next })
      if (!called) throw new RunfeedError('middleware', 'a middleware ended without a call of next(), so the task did not run')
      await called.catch(() => {})
    }
  }

  /** The run was canceled while it executes. */
  canceled(): void {
    this.#canceling ??= this.#report('onCancel', {})
  }

  /** The run is about to end. */
  async ending(result: RunResult): Promise<void> {
    await this.#canceling
    if (result.ok) await this.#report('onSuccess', { output: result.output })
    else if (result.status !== 'CANCELED') await this.#report('onFailure', { error: result.error })
    await this.#report('onComplete', { result })
    // streams of the hooks are captured to their end, as the task's own were; those of a run that failed end with it
    if (result.ok)
      await this.#heard(
        'a stream of a hook',
        within(HOOK_MS, 'it', async () => await this.#scope.captured()),
      )
  }

  /** The attempt is over. */
  async cleanup(): Promise<void> {
    await this.#canceling
    await this.#report('cleanup', {})
  }

  /** Hooks that cannot change how the run ends. */
  async #report(name: Name, extra: object): Promise<void> {
    for (const hooks of this.#all.toReversed()) {
      await this.#heard(name, this.#call(hooks, name, extra))
    }
  }

  async #heard(what: string, work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (thrown) {
      const { type, message } = toRunfeedError(thrown)
      this.#scope.host.report(new RunfeedError(type === 'hook_timeout' ? type : 'hook', `${what}: ${message}`))
    }
  }

  async #call(hooks: TaskHooks, name: Name, extra: object): Promise<void> {
    const hook = hooks[name] as ((params: object) => unknown) | undefined
    if (hook) await within(HOOK_MS, name, async () => await withScope(this.#scope, () => hook({ ...this.#params, ...extra })))
  }
}

/** @throws RunfeedError `hook_timeout` when `work` takes longer; it goes on unheard. */
export async function within(ms: number, what: string, work: () => Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RunfeedError('hook_timeout', `${what} took longer than ${ms / 1000} s`)), ms)
  })
  const working = work()
  working.catch(() => {})
  try {
    await Promise.race([working, late])
  } finally {
    clearTimeout(timer)
  }
}
