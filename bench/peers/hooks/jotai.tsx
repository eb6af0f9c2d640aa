// jotai: an atom for each run and one for a stream's text, in a store that an EventSource fills.
import { atom, createStore, Provider, useAtomValue } from 'jotai'
import { firstId, ids, mount, runRow, scene, show, streamEnd } from '../../hooks/page/stage.tsx'
import { type RunValue, TOKEN_LENGTH } from '../../hooks/script.ts'

const store = createStore()
const atomOfRun = () => atom<RunValue | undefined>(undefined)
const runAtoms = new Map(ids.map((id) => [id, atomOfRun()]))
const runAtom = (id: string) => runAtoms.get(id) ?? (runAtoms.get(firstId) as ReturnType<typeof atomOfRun>)
const textAtom = atom('')

new EventSource('/events').onmessage = ({ data }: MessageEvent<string>) => {
  if (scene === 'stream') {
    const token = JSON.parse(data) as string
    store.set(textAtom, (text) => text + token)
  } else {
    const run = JSON.parse(data) as RunValue
    store.set(runAtom(run.id), run)
  }
}

function Run({ id }: { id: string }) {
  return runRow(id, useAtomValue(runAtom(id))?.metadata)
}
function Text() {
  const text = useAtomValue(textAtom)
  return streamEnd(text.length, text.slice(-TOKEN_LENGTH))
}

mount(<Provider store={store}>{show({ run: (id) => <Run id={id} />, stream: () => <Text /> })}</Provider>)
