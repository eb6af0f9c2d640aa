// @tanstack/react-query: an EventSource that sets query data, a query for each run; a stream is read by `streamedQuery`, its text added up.
import { QueryClient, QueryClientProvider, experimental_streamedQuery as streamedQuery, skipToken, useQuery } from '@tanstack/react-query'
import { firstId, mount, runRow, scene, show, streamEnd } from '../../hooks/page/stage.tsx'
import { type RunValue, TOKEN_LENGTH } from '../../hooks/script.ts'

const client = new QueryClient()
if (scene !== 'stream')
  new EventSource('/events').onmessage = ({ data }: MessageEvent<string>) => {
    const run = JSON.parse(data) as RunValue
    client.setQueryData(['runs', run.id], run)
  }

function Run({ id }: { id: string }) {
  const { data } = useQuery<RunValue>({ queryKey: ['runs', id], queryFn: skipToken })
  return runRow(id, data?.metadata)
}

async function* tokens(): AsyncGenerator<string> {
  const response = await fetch('/lines')
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as string
  }
}
function Text() {
  const { data = '' } = useQuery<string>({
    queryKey: ['text', firstId],
    queryFn: streamedQuery<string, string>({ streamFn: tokens, reducer: (text, token) => text + token, initialValue: '' }),
  })
  return streamEnd(data.length, data.slice(-TOKEN_LENGTH))
}

mount(<QueryClientProvider client={client}>{show({ run: (id) => <Run id={id} />, stream: () => <Text /> })}</QueryClientProvider>)
