'use client'
// The browser's client, made once: it begins with the token that came with the page, and asks for another when that has ended.
import { createRunClient, type RunClient } from 'runfeed'
import { RunfeedProvider } from 'runfeed/react'
import { type ReactNode, useState } from 'react'

function connect(url: string, token: string): RunClient {
  let first: string | undefined = token
  return createRunClient({
    baseUrl: url,
    accessToken: async () => {
      const known = first
      first = undefined
      if (known) return known
      const response = await fetch('/api/run-token')
      if (!response.ok) throw new Error(`no token: ${response.status}`)
      return await response.text()
    },
  })
}

export function RunsProvider({ url, token, children }: { url: string; token: string; children: ReactNode }) {
  const [client] = useState(() => connect(url, token))
  return <RunfeedProvider client={client}>{children}</RunfeedProvider>
}
