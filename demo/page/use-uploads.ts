// The files that are sent, one after another. More may come while one is on its way: they wait for their turn.
import { useEffect, useRef, useState } from 'react'
import { isUnreachable, messageOf, upload } from './api.ts'

export interface Uploads {
  /** The first is on its way, the others wait. */
  readonly files: readonly File[]
  /** Why files were refused, a line each; said at once when none is on its way any more, so that it is read out once. */
  readonly problem: string | undefined
  readonly send: (files: readonly File[]) => void
}

export function useUploads(): Uploads {
  const [files, setFiles] = useState<readonly File[]>([])
  const [problems, setProblems] = useState<readonly string[]>([])
  const sending = useRef<File>(undefined)
  const first = files[0]
  useEffect(() => {
    // an effect may run twice for the same file; it is sent once
    if (!first || sending.current === first) return
    sending.current = first
    void upload(first)
      // the other files are not to blame
      .catch((thrown: unknown) => setProblems((others) => [...others, isUnreachable(thrown) ? notSent(first) : messageOf(thrown)]))
      .then(() => setFiles((all) => all.slice(1)))
  }, [first])
  useWarning(first !== undefined)
  return {
    files,
    problem: problems.length === 0 || files.length > 0 ? undefined : problems.join('\n'),
    send(more) {
      if (more.length === 0) return
      if (files.length === 0) setProblems([])
      // a copy: the same File may be chosen twice, and is two uploads
      setFiles((all) => [...all, ...more.map((file) => new File([file], file.name, { type: file.type }))])
    },
  }
}

/** True also when the server is back. */
const notSent = ({ name }: File): string => `${name} was not sent: the server could not be reached.`

/** Asks whoever leaves the page whether they mean it: what has not been sent is nowhere else. */
function useWarning(isNeeded: boolean): void {
  useEffect(() => {
    if (!isNeeded) return
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [isNeeded])
}
