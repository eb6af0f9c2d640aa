// What went wrong with what somebody has just done, where they did it.
import type { ReactElement } from 'react'

export function Problem({ text }: { readonly text: string | undefined }): ReactElement | null {
  return text === undefined ? null : (
    <p className="problem" role="alert">
      {text}
    </p>
  )
}
