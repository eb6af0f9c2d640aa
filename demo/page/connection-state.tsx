// The wire, in one word.
import type { ConnectionStatus } from 'runfeed'
import { useConnection } from 'runfeed/react'
import { type ReactElement, useEffect, useRef, useState } from 'react'

/** @returns nothing where there is nothing to say yet. */
function wordFor(status: ConnectionStatus, isAway: boolean): string | undefined {
  switch (status) {
    case 'open':
    case 'reconnecting':
      return isAway ? 'Reconnecting…' : 'Live'
    case 'idle':
    case 'connecting':
      return isAway ? 'Connecting…' : undefined
    case 'paused':
      return 'Paused'
    case 'closed':
    case 'failed':
      return 'Disconnected'
    default:
      return status satisfies never
  }
}

interface ConnectionStateProps {
  /** The reader is told that the connection is away. */
  readonly isAway: boolean
}

export function ConnectionState({ isAway }: ConnectionStateProps): ReactElement {
  const { status } = useConnection()
  const word = wordFor(status, isAway)
  return (
    <>
      {word !== undefined && (
        <div className="connection" data-look={word === 'Live' ? 'live' : word === 'Paused' ? 'idle' : 'away'}>
          <span className="connection-dot" aria-hidden="true" />
          <span className="visually-hidden">Connection: </span>
          {word}
        </div>
      )}
      <Announcement isAway={isAway} />
    </>
  )
}

/** Said aloud: that it is away, and that it is back. */
function Announcement({ isAway }: ConnectionStateProps): ReactElement {
  const wasAway = useRef(false)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (isAway === wasAway.current) return
    wasAway.current = isAway
    setSaid(isAway ? 'The connection is lost.' : 'The connection is back.')
  }, [isAway])
  return <output className="visually-hidden">{said}</output>
}
