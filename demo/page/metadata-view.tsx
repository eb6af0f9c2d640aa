// The metadata itself, as it is in the record: for who wants to see what the bar and the numbers are made of.
import { useRunMetadata } from 'runfeed/react'
import { type ReactElement, useState } from 'react'
import { ScrollArea } from './scroll-area.tsx'

export function MetadataView({ runId }: { readonly runId: string }): ReactElement {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="metadata" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Metadata</summary>
      {isOpen && <Document runId={runId} />}
    </details>
  )
}

function Document({ runId }: { readonly runId: string }): ReactElement {
  // a thousand ids as text, twenty times a second, would be work for nobody
  const { metadata } = useRunMetadata(runId, { throttle: 250 })
  return (
    <ScrollArea className="metadata-scroll" label="Metadata as JSON">
      <pre dir="ltr">{metadata === undefined ? 'Loading…' : JSON.stringify(metadata, null, 2)}</pre>
    </ScrollArea>
  )
}
