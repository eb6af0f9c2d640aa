// Whether the reader is told that the connection is away. Most are back before anybody could read a word about it, and a word that comes and goes
// at once is worse than none.
import { useConnection } from 'runfeed/react'
import { useEffect, useRef, useState } from 'react'

/** As long as the kit's components wait, so that all of the page says it at once. */
const TELL_AFTER_MS = 2000
const STAY_MS = 1500

export function useAway(): boolean {
  const { status } = useConnection()
  // paused is for a reason of the page's own
  const isAway = status !== 'open' && status !== 'paused'
  const [isTold, setTold] = useState(false)
  const toldAt = useRef(0)
  useEffect(() => {
    if (isAway === isTold) return
    const tell = (): void => {
      toldAt.current = Date.now()
      setTold(isAway)
    }
    const timer = setTimeout(tell, isAway ? TELL_AFTER_MS : Math.max(0, toldAt.current + STAY_MS - Date.now()))
    return () => clearTimeout(timer)
  }, [isAway, isTold])
  return isTold
}
