// The wire, in one word. A short break is not worth one: it shows after a second.
import type { ConnectionStatus } from 'runfeed'
import { useRunClient } from 'runfeed/react'
import { type ReactElement, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'

type Look = 'live' | 'idle' | 'away'

interface Word {
  readonly look: Look
  readonly text: string
}

const LIVE: Word = { look: 'live', text: 'Live' }
const IDLE: Word = { look: 'idle', text: 'Connected' }
const AWAY: Word = { look: 'away', text: 'Reconnecting…' }

function wordFor(status: ConnectionStatus, isUnreachable: boolean): Word {
  switch (status) {
    case 'open':
      return LIVE
    // nothing is followed, so nothing is open: the list says whether the server is there
    case 'idle':
    case 'connecting':
      return isUnreachable ? AWAY : IDLE
    case 'reconnecting':
      return AWAY
    case 'paused':
      return { look: 'idle', text: 'Paused' }
    case 'closed':
    case 'failed':
      return { look: 'away', text: 'Disconnected' }
    default:
      return status satisfies never
  }
}

const PATIENCE_MS = 1000

export function ConnectionState({ isUnreachable }: { readonly isUnreachable: boolean }): ReactElement {
  const { connection } = useRunClient()
  const subscribe = useCallback((listener: () => void) => connection.subscribe(listener), [connection])
  const { status } = useSyncExternalStore(subscribe, () => connection.getSnapshot())
  const now = wordFor(status, isUnreachable)
  const [shown, setShown] = useState(now)
  useEffect(() => {
    const timer = setTimeout(() => setShown(now), now.look === 'away' ? PATIENCE_MS : 0)
    return () => clearTimeout(timer)
    // a word's text and look are all there is to it
    // oxlint-disable-next-line react/exhaustive-deps
  }, [now.text, now.look])
  return (
    <>
      <div className="connection" data-look={shown.look}>
        <span className="connection-dot" aria-hidden="true" />
        <span className="visually-hidden">Connection: </span>
        {shown.text}
      </div>
      <Announcement isAway={shown.look === 'away'} />
    </>
  )
}

/** Said aloud: that it is away, and that it is back. "Live" comes and goes with every run, and is news to nobody. */
function Announcement({ isAway }: { readonly isAway: boolean }): ReactElement {
  const wasAway = useRef(false)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (isAway === wasAway.current) return
    wasAway.current = isAway
    setSaid(isAway ? 'The connection is lost.' : 'The connection is back.')
  }, [isAway])
  return <output className="visually-hidden">{said}</output>
}
