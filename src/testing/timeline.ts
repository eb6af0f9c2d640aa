// The steps of a script with what was asked for while it played. A moment shows the script and the calls before it, however often one goes there:
// so calls become steps once, and going back to before a call undoes it.
import type { Script, ScriptStep } from './script.ts'
import type { ScriptedCall } from './scripted-call.ts'

interface Taken {
  readonly call: ScriptedCall
  readonly from: number
  readonly steps: Script
  /** The run whose steps after `from` no longer happen. */
  readonly instead: string | undefined
}

export class Timeline {
  readonly #script: Script
  #steps: Script
  #calls: readonly ScriptedCall[] = []
  /** In the order in which they were taken, which may not be that of the calls. */
  #taken: readonly Taken[] = []

  constructor(script: Script) {
    this.#script = [...script].sort(byTime)
    this.#steps = this.#script
  }

  /** In the order of their times. Taking a call changes none up to then. */
  get steps(): Script {
    return this.#steps
  }
  get calls(): readonly ScriptedCall[] {
    return this.#calls
  }

  /** Nothing comes of it before it is taken. */
  ask(call: ScriptedCall): void {
    this.#calls = [...this.#calls, call]
  }

  withdraw(call: ScriptedCall): void {
    this.#calls = this.#calls.filter((one) => one !== call)
  }

  /**
   * @param from - now, in ms.
   * @param script - what comes of the call, in ms from now.
   * @param instead - the run that does this, and nothing more of what it would have done.
   */
  take(call: ScriptedCall, from: number, script: Script, instead?: string): void {
    const steps = script.map((step) => ({ ...step, at: from + Math.max(0, step.at) }))
    this.#taken = [...this.#taken, { call, from, steps, instead }]
    this.#build()
  }

  /** Undoes the calls after a moment. */
  undoAfter(time: number): void {
    this.#calls = this.#calls.filter(({ at }) => at <= time)
    this.#taken = this.#taken.filter(({ call }) => this.#calls.includes(call))
    this.#build()
  }

  #build(): void {
    let steps = this.#script
    for (const { from, steps: added, instead } of this.#taken) {
      const kept = instead === undefined ? steps : steps.filter((step) => step.at <= from || runOf(step) !== instead)
      // sorting is stable: what was there at the same time has happened before
      steps = [...kept, ...added].sort(byTime)
    }
    this.#steps = steps
  }
}

const byTime = (a: ScriptStep, b: ScriptStep): number => a.at - b.at

/** Whose doing a step is: refusals, the network and single frames are nobody's. */
function runOf(step: ScriptStep): string | undefined {
  if ('run' in step) return step.run.id
  return 'stream' in step ? step.stream.run : undefined
}
