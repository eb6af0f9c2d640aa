// Why a run ended without success, and what can be done.
import type { RunFailure as Failure } from 'runfeed'
import type { ReactElement } from 'react'

interface RunFailureProps {
  readonly run: { readonly status: string; readonly error: Failure | null; readonly finishedAt: number | null }
}

const TITLE: { readonly [status: string]: string } = {
  CRASHED: 'The import crashed',
  FAILED: 'The import failed',
  CANCELED: 'The import was canceled',
}

export function RunFailure({ run: { status, error, finishedAt } }: RunFailureProps): ReactElement | null {
  if (finishedAt === null || status === 'COMPLETED') return null
  const isCanceled = status === 'CANCELED'
  return (
    <p className="failure" data-tone={isCanceled ? 'quiet' : 'bad'}>
      <strong>{TITLE[status] ?? 'The import did not complete'}.</strong> {!isCanceled && error && <>{sentence(error.message)} </>}
      Rows that were accepted before are kept; starting again imports the file as a new run.
    </p>
  )
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
