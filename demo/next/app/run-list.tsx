'use client'
// The newest digests, live: what the server knew is shown at once, and what anybody starts comes by itself.
import { RunStatusBadge } from 'runfeed/components'
import type { Run } from 'runfeed'
import type { RunSummaryOf } from 'runfeed/react'
import Link from 'next/link'
import type { digest } from '@/lib/contract'
import { useRuns } from '@/lib/hooks'

type Digest = RunSummaryOf<typeof digest>

export function RunList({ initial }: { initial: readonly Run[] | undefined }) {
  const { runs, isPending, isStale, error } = useRuns({}, { limit: 20, initialData: initial })
  return (
    <section aria-labelledby="runs-title">
      <h2 id="runs-title">Digests</h2>
      {error && (
        <p className="problem" role="alert">
          {error.message}
        </p>
      )}
      {isPending && !error && <p className="quiet">Loading…</p>}
      {runs?.length === 0 && <p className="quiet">None yet. Yours will be the first.</p>}
      <ul className="runs">
        {runs?.map((run) => (
          <li key={run.id}>
            <Row run={run} isStale={isStale} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Row({ run: { id, status, finishedAt, metadata }, isStale }: { run: Digest; isStale: boolean }) {
  const { title = id, read = 0, sentences = 0, words = 0 } = metadata ?? {}
  return (
    <Link href={`/runs/${id}`} prefetch={false} className="run">
      <span className="run-title">{title}</span>
      <span className="quiet">
        {read} of {sentences} sentences, {words.toLocaleString('en')} words
      </span>
      <RunStatusBadge status={status} stale={finishedAt === null && isStale} labels={{ EXECUTING: read < sentences ? 'Reading' : 'Writing' }} />
      {finishedAt === null && <progress className="run-bar" max={Math.max(1, sentences)} value={read} aria-label={`${title}: sentences read`} />}
    </Link>
  )
}
