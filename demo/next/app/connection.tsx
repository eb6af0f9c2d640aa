'use client'
import { useConnection } from 'runfeed/react'

export function Connection() {
  const { status } = useConnection()
  const isAway = status === 'reconnecting' || status === 'failed'
  // nothing is open while nothing is followed, which is no news
  const look = isAway ? 'away' : status === 'open' ? 'live' : 'quiet'
  return (
    <output className="connection" data-look={look}>
      {isAway ? 'Reconnecting…' : status === 'open' ? 'Live' : ''}
    </output>
  )
}
