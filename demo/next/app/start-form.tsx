'use client'
import { useActionState } from 'react'
import { MAX_TEXT, tooLong } from '@/lib/contract'
import { SAMPLE, SAMPLE_TITLE } from '@/lib/sample'
import { startDigest } from './actions'

export function StartForm() {
  const [refused, start, isPending] = useActionState(startDigest, undefined)
  return (
    <form action={start} className="card start">
      <label>
        Title
        <input name="title" defaultValue={refused?.title ?? SAMPLE_TITLE} maxLength={80} />
      </label>
      <label>
        Text
        <textarea
          name="text"
          defaultValue={refused?.text ?? SAMPLE}
          rows={7}
          // not maxLength, which cuts what is pasted without a word
          onInput={({ currentTarget: text }) => text.setCustomValidity(text.value.length > MAX_TEXT ? tooLong(text.value.length) : '')}
        />
      </label>
      <div className="row">
        <button type="submit" disabled={isPending}>
          {isPending ? 'Starting…' : 'Digest it'}
        </button>
        {refused && (
          <p className="problem" role="alert">
            {refused.problem}
          </p>
        )}
      </div>
    </form>
  )
}
