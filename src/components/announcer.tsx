'use client'
// A polite status beside a component, and never around what changes fast: a live region around streaming text reads every token aloud.
import { type ReactElement, useEffect, useRef, useState } from 'react'

/** @param text - what is to be said; what was there when the page opened is not news, and stays unsaid. */
export function Announcer({ text }: { readonly text: string }): ReactElement {
  const known = useRef(text)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (text === known.current) return
    known.current = text
    setSaid(text)
  }, [text])
  return (
    <output className="rf-hidden" data-part="announcement">
      {said}
    </output>
  )
}
