// A button that keeps the focus while it can do nothing. One that is `disabled` loses it, and who uses the keyboard is at the top of the page again.
import type { ReactElement, ReactNode } from 'react'

interface ButtonProps {
  /** Pressing it does nothing now. */
  readonly isOff?: boolean
  readonly isPrimary?: boolean
  readonly className?: string
  readonly press: () => void
  readonly children: ReactNode
}

export function Button({ isOff = false, isPrimary = false, className = '', press, children }: ButtonProps): ReactElement {
  return (
    <button
      type="button"
      className={`button ${className}`.trim()}
      data-kind={isPrimary ? 'primary' : undefined}
      aria-disabled={isOff}
      onClick={() => {
        if (!isOff) press()
      }}
    >
      {children}
    </button>
  )
}
