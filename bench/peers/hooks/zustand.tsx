// zustand: a store that an EventSource fills, a selector for each run.
import { create } from 'zustand'
import { mount, runRow, scene, show, streamEnd } from '../../hooks/page/stage.tsx'
import { type RunValue, TOKEN_LENGTH } from '../../hooks/script.ts'

interface State {
  readonly runs: { readonly [id: string]: RunValue }
  readonly text: string
}
const useStore = create<State>(() => ({ runs: {}, text: '' }))

new EventSource('/events').onmessage = ({ data }: MessageEvent<string>) => {
  if (scene === 'stream') {
    const token = JSON.parse(data) as string
    useStore.setState(({ text }) => ({ text: text + token }))
  } else {
    const run = JSON.parse(data) as RunValue
    useStore.setState(({ runs }) => ({ runs: { ...runs, [run.id]: run } }))
  }
}

function Run({ id }: { id: string }) {
  return runRow(id, useStore(({ runs }) => runs[id])?.metadata)
}
function Text() {
  const text = useStore((state) => state.text)
  return streamEnd(text.length, text.slice(-TOKEN_LENGTH))
}

mount(show({ run: (id) => <Run id={id} />, stream: () => <Text /> }))
