// A button's work: one at a time, and what went wrong with the last one.
import { useState } from 'react'
import { messageOf } from './api.ts'

export interface Action {
  readonly isBusy: boolean
  readonly error: string | undefined
  run(work: () => Promise<unknown>): void
}

export function useAction(): Action {
  const [state, setState] = useState<{ readonly isBusy: boolean; readonly error: string | undefined }>({ isBusy: false, error: undefined })
  return {
    ...state,
    run(work) {
      if (state.isBusy) return
      setState({ isBusy: true, error: undefined })
      work().then(
        () => setState({ isBusy: false, error: undefined }),
        (thrown: unknown) => setState({ isBusy: false, error: messageOf(thrown) }),
      )
    },
  }
}
