// A button's work: one at a time, and what went wrong with the last one.
import { useState } from 'react'
import { isUnreachable, messageOf } from './api.ts'
import { useBack } from './use-back.ts'

export interface Action {
  readonly isBusy: boolean
  readonly error: string | undefined
  run(work: () => Promise<unknown>): void
}

interface State {
  readonly isBusy: boolean
  readonly thrown?: unknown
}

export function useAction(): Action {
  const [state, setState] = useState<State>({ isBusy: false })
  useBack(() => {
    if (isUnreachable(state.thrown)) setState({ isBusy: state.isBusy })
  })
  return {
    isBusy: state.isBusy,
    error: state.thrown === undefined ? undefined : messageOf(state.thrown),
    run(work) {
      if (state.isBusy) return
      setState({ isBusy: true })
      work().then(
        () => setState({ isBusy: false }),
        (thrown: unknown) => setState({ isBusy: false, thrown }),
      )
    },
  }
}
