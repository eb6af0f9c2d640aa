// How a component's root is made: state goes to `data-*`, and `className`, `style` and `render` may be functions of it.
import { type CSSProperties, cloneElement, createElement, type HTMLAttributes, type ReactElement, type ReactNode } from 'react'

export type PartAttributes = HTMLAttributes<HTMLElement> & { readonly [data: `data-${string}`]: string | undefined }

export interface PartProps<S> {
  readonly className?: string | ((state: S) => string | undefined) | undefined
  readonly style?: CSSProperties | ((state: S) => CSSProperties | undefined) | undefined
  /** Another element in the root's place: it gets the root's attributes and children. */
  readonly render?: ReactElement<PartAttributes> | ((attributes: PartAttributes, state: S) => ReactElement) | undefined
}

/** What else a root takes: any attribute of an element, but for what `PartProps` says better. */
export type RootAttributes = Omit<HTMLAttributes<HTMLElement>, 'className' | 'style' | 'children'>

/** @param state - each string becomes `data-<name>`, each `true` an empty attribute. */
export function renderRoot<S extends { readonly [name: string]: string | boolean | undefined }>(
  tag: 'div' | 'span',
  baseClass: string,
  state: S,
  { className, style, render }: PartProps<S>,
  attributes: RootAttributes,
  children: ReactNode,
): ReactElement {
  const own = typeof className === 'function' ? className(state) : className
  const ownStyle = typeof style === 'function' ? style(state) : style
  const all: PartAttributes = {
    ...attributes,
    ...dataAttributes(state),
    className: own ? `${baseClass} ${own}` : baseClass,
    ...(ownStyle && { style: ownStyle }),
  }
  if (typeof render === 'function') return render({ ...all, children }, state)
  if (render) return cloneElement(render, { ...all, className: [all.className, render.props.className].filter(Boolean).join(' ') }, children)
  return createElement(tag, all, children)
}

function dataAttributes(state: { readonly [name: string]: string | boolean | undefined }): { readonly [name: `data-${string}`]: string } {
  const out: { [name: `data-${string}`]: string } = {}
  for (const [name, value] of Object.entries(state)) if (value !== undefined && value !== false) out[`data-${name.toLowerCase()}`] = value === true ? '' : value
  return out
}
