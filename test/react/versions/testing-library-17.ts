// What our tests use of @testing-library/react, on react-dom 17, whose roots that library no longer knows.
import { configure, fireEvent, getQueriesForElement, screen, waitFor as waitForCondition, type waitForOptions } from '@testing-library/dom'
import { createElement, type FunctionComponent, type ReactNode } from 'react'
import * as ReactDOM from 'react-dom'
import * as utils from 'react-dom/test-utils'

// the types of React 19 no longer have them
interface LegacyRoots {
  render(element: ReactNode, container: Element): unknown
  unmountComponentAtNode(container: Element): boolean
}
type Act = <T>(work: () => T) => T
const roots = ReactDOM as unknown as LegacyRoots
export const act: Act = (utils as unknown as { act: Act }).act
const mounted = new Set<Element>()

export function render(element: ReactNode) {
  const container = document.body.appendChild(document.createElement('div'))
  mounted.add(container)
  const rerender = (next: ReactNode): void =>
    act(() => {
      roots.render(next, container)
    })
  rerender(element)
  const unmount = (): void => {
    act(() => void roots.unmountComponentAtNode(container))
    mounted.delete(container)
  }
  return { container, rerender, unmount, ...getQueriesForElement(container) }
}

export interface RenderHookOptions<P> {
  readonly initialProps?: P
  readonly wrapper?: FunctionComponent<{ children: ReactNode }> | symbol
}

export function renderHook<R, P>(hook: (props: P) => R, { initialProps, wrapper }: RenderHookOptions<P> = {}) {
  const result = { current: undefined as R }
  const Reader = ({ props }: { readonly props: P }): null => {
    result.current = hook(props)
    return null
  }
  const page = (props: P): ReactNode => {
    const reader = createElement(Reader, { props })
    return wrapper ? createElement(wrapper as FunctionComponent<{ children?: ReactNode }>, null, reader) : reader
  }
  let last = initialProps as P
  const { rerender, unmount } = render(page(last))
  return { result, unmount, rerender: (props: P = last) => rerender(page((last = props))) }
}

/** What changes while it waits is not under our control, so no warning is due. */
export async function waitFor<T>(condition: () => T, options?: waitForOptions): Promise<T> {
  const found = await waitForCondition(condition, options)
  act(() => {})
  return found
}

export function cleanup(): void {
  for (const container of mounted) {
    act(() => void roots.unmountComponentAtNode(container))
    container.remove()
  }
  mounted.clear()
}

export { configure, fireEvent, screen }
