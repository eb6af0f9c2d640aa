// @trigger.dev/react-hooks. A stream's parts come throttled by 16 ms, its default.
import { TriggerAuthContext, useRealtimeRun, useRealtimeRunsWithTag, useRealtimeStream } from '@trigger.dev/react-hooks'
import { memo } from 'react'
import { firstId, mount, runRow, show, streamEnd } from '../../hooks/page/stage.tsx'
import { type Metadata, TOKEN_LENGTH } from '../../hooks/script.ts'

interface Held {
  readonly id: string
  readonly metadata?: unknown
}

function Run({ id }: { id: string }) {
  const { run } = useRealtimeRun(id)
  return runRow(id, run?.metadata as Metadata | undefined)
}

const Row = memo(function Row({ run }: { run: Held }) {
  return runRow(run.id, run.metadata as Metadata | undefined)
})
function Dashboard() {
  const { runs } = useRealtimeRunsWithTag('bench')
  return runs.map((run) => <Row key={run.id} run={run} />)
}

function Parts() {
  const { parts } = useRealtimeStream<string>(firstId, 'text')
  return streamEnd(parts.length * TOKEN_LENGTH, parts.at(-1))
}

mount(
  <TriggerAuthContext.Provider value={{ accessToken: 'bench', baseURL: location.origin }}>
    {show({ run: (id) => <Run id={id} />, all: () => <Dashboard />, stream: () => <Parts /> })}
  </TriggerAuthContext.Provider>,
)
