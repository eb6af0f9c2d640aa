'use client'
// The client, for everything below.
import { createContext, createElement, type FunctionComponentElement, type ProviderProps, type ReactNode, useContext, useEffect, useRef } from 'react'
import type { RunClient } from '../client/run-client.ts'
import { RunfeedError } from '../protocol/errors.ts'
import { ChangeCount, warnOnce } from './development.ts'

const Context = createContext<RunClient | undefined>(undefined)

export interface RunfeedProviderProps {
  /** Made once, outside of the component: `createRunClient({ baseUrl })`. The provider does not close it. */
  readonly client: RunClient
  readonly children?: ReactNode
}

/** Gives the hooks and components below their client. */
export function RunfeedProvider({ client, children }: RunfeedProviderProps): FunctionComponentElement<ProviderProps<RunClient | undefined>> {
  useMadePerRender(client, '<RunfeedProvider>')
  return createElement(Context.Provider, { value: client }, children)
}

function useMadePerRender(client: RunClient | undefined, where: string): void {
  const clients = useRef<ChangeCount | undefined>(undefined)
  useEffect(() => {
    if (process.env.NODE_ENV !== 'production' && (clients.current ??= new ChangeCount()).isMadePerRender(client))
      warnOnce(`a client is made in each render for ${where}, and each opens a connection; call createRunClient once, outside of the component`)
  })
}

export const noClient = (): RunfeedError =>
  new RunfeedError('no_client', 'there is no client here: render a <RunfeedProvider client={...}> above, or pass the `client` option')

/** @throws RunfeedError `no_client` */
export function requireClient(client: RunClient | undefined): RunClient {
  if (!client) throw noClient()
  return client
}

export const useOptionalClient = (client: RunClient | undefined): RunClient | undefined => {
  const provided = useContext(Context)
  useMadePerRender(client, 'the `client` option')
  return client ?? provided
}

/**
 * The client of the provider above.
 * @throws RunfeedError `no_client` when there is none.
 */
export function useRunClient(): RunClient {
  return requireClient(useContext(Context))
}
