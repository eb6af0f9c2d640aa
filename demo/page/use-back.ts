// When the server is there again.
import { useConnection } from 'runfeed/react'
import { useEffect, useRef } from 'react'

/** @param listener - called each time that the connection opens: what said that there is none is not true any more. */
export function useBack(listener: () => void): void {
  const { status } = useConnection()
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  useEffect(() => {
    if (status === 'open') latest.current()
  }, [status])
}
