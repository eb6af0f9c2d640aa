// What every contender's page shares: which scene is played, the same markup, and what the harness reads of it.
import { Fragment, type ReactElement, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { COMPONENTS, idsOf, type Metadata, type Scene } from '../script.ts'

const parameters = new URL(location.href).searchParams
export const scene: Scene = parameters.get('scene') as Scene
/** Which of two ways, where a contender has two. */
export const way: string = parameters.get('way') ?? ''
export const ids: readonly string[] = idsOf(scene)
export const firstId: string = ids[0] as string

let renders = 0
let reach = (): void => {}

/** What a component of a run shows. Each call is a render of it. */
export function runRow(id: string, metadata: Metadata | undefined): ReactElement {
  renders++
  return (
    <li>
      <span>{metadata?.label ?? id}</span> <progress value={metadata?.done ?? 0} max={metadata?.total ?? 1} /> <output>{metadata?.done}</output>
    </li>
  )
}
/** What a component of a stream shows: how much text there is, and its last token. */
export function streamEnd(length: number, last: string | undefined): ReactElement {
  renders++
  return (
    <p>
      <output>{length}</output> <output>{last ?? ''}</output>
    </p>
  )
}

/** @param scenes - what stands in each scene; a run's component stands once for each place that shows one. */
export function show(scenes: { readonly run?: (id: string) => ReactNode; readonly all?: () => ReactNode; readonly stream?: () => ReactNode }): ReactNode {
  if (scene === 'stream') return scenes.stream?.()
  if (scene === 'many' && scenes.all) return <ul>{scenes.all()}</ul>
  const places = scene === 'one' ? Array.from({ length: COMPONENTS }, () => firstId) : ids
  return (
    <ul>
      {places.map((id, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- a place shows one run for as long as the page lives
        <Fragment key={at}>{scenes.run?.(id)}</Fragment>
      ))}
    </ul>
  )
}

const root = document.getElementById('root') as HTMLElement
const outputs = (): string[] => Array.from(root.querySelectorAll('output'), ({ textContent }) => textContent)

export interface Shown {
  readonly renders: number
  readonly outputs: readonly string[]
}
Object.assign(globalThis, {
  shown: (): Shown => ({ renders, outputs: outputs() }),
  /** When the first output shows this, ms since the epoch. */
  reached: (text: string): Promise<number> =>
    new Promise((resolve) => {
      reach = () => {
        if (root.querySelector('output')?.textContent === text) resolve(performance.timeOrigin + performance.now())
      }
      reach()
    }),
})
if (scene === 'stream') new MutationObserver(() => reach()).observe(root, { subtree: true, childList: true, characterData: true })

export const mount = (page: ReactNode): void => createRoot(root).render(page)
