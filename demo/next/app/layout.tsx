import type { ReactNode } from 'react'
import 'runfeed/tokens.css'
import 'runfeed/styles.css'
import './globals.css'
import { RUNFEED_URL } from '@/lib/connect'
import { pageToken } from '@/lib/runs'
import { Connection } from './connection'
import { RunsProvider } from './runs-provider'

export const metadata = { title: 'Digest', description: 'A text in three sentences, while you watch.' }
// a token and runs are for whoever asks now
export const dynamic = 'force-dynamic'

export default async function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <RunsProvider url={RUNFEED_URL} token={await pageToken()}>
          <header className="masthead">
            <a href="/" className="wordmark">
              Digest
            </a>
            <Connection />
          </header>
          <main>{children}</main>
        </RunsProvider>
      </body>
    </html>
  )
}
