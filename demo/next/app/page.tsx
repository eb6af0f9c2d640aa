import { newestRuns } from '@/lib/runs'
import { RunList } from './run-list'
import { StartForm } from './start-form'

export default async function Page() {
  return (
    <>
      <h1>A text in three sentences, while you watch.</h1>
      <StartForm />
      <RunList initial={await newestRuns()} />
    </>
  )
}
