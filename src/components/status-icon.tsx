// The badge's shapes: a status is told by form and word, and colour only repeats it.
import type { ReactElement } from 'react'
import type { StatusShape } from './status-look.ts'

function pathOf(shape: StatusShape): ReactElement {
  switch (shape) {
    case 'queued':
      return <circle cx="8" cy="8" r="5.25" strokeDasharray="2.2 1.924" />
    case 'clock':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <path d="M8 4.9V8l2.1 1.4" />
        </>
      )
    case 'spinner':
      return (
        <>
          <circle cx="8" cy="8" r="5.5" opacity=".28" />
          <path className="rf-spin" d="M8 2.5A5.5 5.5 0 0 1 13.5 8" />
        </>
      )
    case 'pause':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <path d="M6.6 6.1v3.8M9.4 6.1v3.8" />
        </>
      )
    case 'check':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <path d="m5.6 8.2 1.7 1.7 3.2-3.6" />
        </>
      )
    case 'cross':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <path d="m6.1 6.1 3.8 3.8m0-3.8L6.1 9.9" />
        </>
      )
    case 'slash':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <path d="m4 12 8-8" />
        </>
      )
    case 'dot':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <circle cx="8" cy="8" r="1" fill="currentColor" />
        </>
      )
    default:
      return shape satisfies never
  }
}

export function StatusIcon({ shape }: { readonly shape: StatusShape }): ReactElement {
  return (
    <svg className="rf-icon" data-part="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {pathOf(shape)}
    </svg>
  )
}
