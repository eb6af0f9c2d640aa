import { notFound } from 'next/navigation'
import { HydrationBoundary } from 'runfeed/react'
import { readRun } from '@/lib/runs'
import { LiveRun } from './live-run'

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const state = await readRun(id)
  if (state === null) notFound()
  // without what the server knew, the browser asks for it itself
  if (state === undefined) return <LiveRun id={id} />
  return (
    <HydrationBoundary state={state}>
      <LiveRun id={id} />
    </HydrationBoundary>
  )
}
