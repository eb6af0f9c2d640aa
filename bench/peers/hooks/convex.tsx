// convex: a query for each run, all over one WebSocket.
import { ConvexProvider, ConvexReactClient, useQuery } from 'convex/react'
import { makeFunctionReference } from 'convex/server'
import { mount, runRow, show } from '../../hooks/page/stage.tsx'
import type { RunValue } from '../../hooks/script.ts'

const client = new ConvexReactClient(location.origin, { skipConvexDeploymentUrlCheck: true })
const get = makeFunctionReference<'query', { id: string }, RunValue>('runs:get')

function Run({ id }: { id: string }) {
  return runRow(id, useQuery(get, { id })?.metadata)
}

mount(<ConvexProvider client={client}>{show({ run: (id) => <Run id={id} /> })}</ConvexProvider>)
