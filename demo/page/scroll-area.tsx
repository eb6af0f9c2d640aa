// A box that scrolls. It follows only who stands at its end: whoever has scrolled up stays where they are.
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'

interface ScrollAreaProps {
  readonly label: string
  readonly className: string
  /** Keeps the end in sight while the content grows. Once it has been so it stays so: after a lost connection the last of it may come late. */
  readonly follows?: boolean
  readonly children: ReactNode
}

/** Pixels: a fraction of one is lost when a page is zoomed. */
const AT_END = 8

export function ScrollArea({ label, className, follows = false, children }: ScrollAreaProps): ReactElement {
  const box = useRef<HTMLElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  const [isFollowing, setFollowing] = useState(follows)
  if (follows && !isFollowing) setFollowing(true)
  useEffect(() => {
    if (!isFollowing || !box.current || !content.current) return
    const area = box.current
    // the size, not a render: streamed text grows without one
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) area.scrollTop = area.scrollHeight
    })
    observer.observe(content.current)
    return () => observer.disconnect()
  }, [isFollowing])
  const scrolled = (): void => {
    const area = box.current
    if (area) isAtEnd.current = area.scrollHeight - area.scrollTop - area.clientHeight <= AT_END
  }
  return (
    // it scrolls, so it must be reachable without a mouse
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section ref={box} className={`scroll-area ${className}`} aria-label={label} tabIndex={0} onScroll={scrolled}>
      <div ref={content}>{children}</div>
    </section>
  )
}
