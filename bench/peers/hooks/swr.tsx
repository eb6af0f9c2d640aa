// swr/subscription over an EventSource: a key for one run, one for all of them, one for a stream's text.
import { memo } from 'react'
import useSWRSubscription, { type SWRSubscriptionOptions } from 'swr/subscription'
import { mount, runRow, show, streamEnd } from '../../hooks/page/stage.tsx'
import { type RunValue, TOKEN_LENGTH } from '../../hooks/script.ts'

function events(listener: (data: string) => void): () => void {
  const source = new EventSource('/events')
  source.onmessage = ({ data }: MessageEvent<string>) => listener(data)
  return () => source.close()
}

const ofRun = (_key: string, { next }: SWRSubscriptionOptions<RunValue, Error>) => events((data) => next(null, JSON.parse(data) as RunValue))
function Run({ id }: { id: string }) {
  const { data } = useSWRSubscription(id, ofRun)
  return runRow(id, data?.metadata)
}

type Runs = { readonly [id: string]: RunValue }
const ofAll = (_key: string, { next }: SWRSubscriptionOptions<Runs, Error>) =>
  events((data) => {
    const run = JSON.parse(data) as RunValue
    next(null, (runs) => ({ ...runs, [run.id]: run }))
  })
const Row = memo(function Row({ run }: { run: RunValue }) {
  return runRow(run.id, run.metadata)
})
function Dashboard() {
  const { data = {} } = useSWRSubscription('runs', ofAll)
  return Object.values(data).map((run) => <Row key={run.id} run={run} />)
}

const ofText = (_key: string, { next }: SWRSubscriptionOptions<string, Error>) =>
  events((data) => {
    const token = JSON.parse(data) as string
    next(null, (text = '') => text + token)
  })
function Text() {
  const { data = '' } = useSWRSubscription('text', ofText)
  return streamEnd(data.length, data.slice(-TOKEN_LENGTH))
}

mount(show({ run: (id) => <Run id={id} />, all: () => <Dashboard />, stream: () => <Text /> }))
