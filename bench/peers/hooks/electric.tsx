// @electric-sql/react: a shape for one run, one for all of them, one for the tokens of a run. Components of one shape share its connection.
import { useShape } from '@electric-sql/react'
import { memo } from 'react'
import { mount, runRow, show, streamEnd } from '../../hooks/page/stage.tsx'
import { type Metadata, TOKEN_LENGTH } from '../../hooks/script.ts'

type RunRow = { readonly id: string; readonly status: string; readonly metadata: never }
type TokenRow = { readonly id: number; readonly token: string }
const url = `${location.origin}/v1/shape`

function Run({ id }: { id: string }) {
  const { data } = useShape<RunRow>({ url, params: { table: 'runs', where: `id = '${id}'` } })
  return runRow(id, data[0]?.metadata as Metadata | undefined)
}

const Row = memo(function Row({ run }: { run: RunRow }) {
  return runRow(run.id, run.metadata as Metadata)
})
function Dashboard() {
  const { data } = useShape<RunRow>({ url, params: { table: 'runs' } })
  return data.map((run) => <Row key={run.id} run={run} />)
}

function Tokens() {
  const { data } = useShape<TokenRow>({ url, params: { table: 'tokens' } })
  return streamEnd(data.length * TOKEN_LENGTH, data.at(-1)?.token)
}

mount(show({ run: (id) => <Run id={id} />, all: () => <Dashboard />, stream: () => <Tokens /> }))
