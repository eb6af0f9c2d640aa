'use client'
// One digest: the first render shows what the server knew, and the client goes on from there.
import { RunProgress, RunStatusBadge, StreamText } from 'runfeed/components'
import { useRun } from 'runfeed/react'
import { useRunMetadata } from '@/lib/hooks'
import { CancelButton } from './cancel-button'

export function LiveRun({ id }: { id: string }) {
  const { metadata, isPending, error } = useRunMetadata(id)
  const { run: isRunning } = useRun(id, { select: (run) => run.finishedAt === null })
  const { title, sentences = 0, words = 0, terms = [] } = metadata ?? {}
  const most = terms[0]?.count ?? 1
  return (
    <article className="run-page">
      <div className="row">
        <h1>{title ?? (isPending ? 'Loading…' : id)}</h1>
        <RunStatusBadge run={id} />
      </div>
      {error && (
        <p className="problem" role="alert">
          {error.message}
        </p>
      )}
      <div className="card">
        <RunProgress run={id} label="Reading" value="read" max="sentences" unit="sentences" locale="en" />
        {isRunning && <CancelButton id={id} />}
      </div>
      <section className="card" aria-labelledby="summary-title">
        <h2 id="summary-title">In three sentences</h2>
        <StreamText run={id} stream="summary" className="summary" words={{ waiting: 'It reads to the end first.' }} />
      </section>
      <section className="card" aria-labelledby="terms-title">
        <h2 id="terms-title">What it speaks of</h2>
        <ul className="terms">
          {terms.map(({ term, count }) => (
            <li key={term} style={{ fontSize: `${0.875 + (count / most) * 0.875}rem` }}>
              {term} <small>{count}</small>
            </li>
          ))}
        </ul>
        <p className="quiet">
          {words.toLocaleString('en')} words in {sentences} sentences
        </p>
      </section>
    </article>
  )
}
