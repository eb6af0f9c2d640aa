'use client'
import { useState, useTransition } from 'react'
import { cancelDigest } from '@/app/actions'

export function CancelButton({ id }: { id: string }) {
  const [isPending, startTransition] = useTransition()
  const [isRefused, setRefused] = useState(false)
  const cancel = () =>
    startTransition(async () => {
      try {
        await cancelDigest(id)
      } catch {
        setRefused(true)
      }
    })
  return (
    <div className="row">
      <button type="button" className="second" disabled={isPending} onClick={cancel}>
        {isPending ? 'Canceling…' : 'Cancel'}
      </button>
      {isRefused && (
        <p className="problem" role="alert">
          It could not be canceled. Try again in a moment.
        </p>
      )}
    </div>
  )
}
