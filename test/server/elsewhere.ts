// A run that is executed elsewhere, by requests: what a script in any language does.
import type { Run } from 'runfeed'
import { expect } from 'vitest'
import type { TestServer } from '../support/server.ts'

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & { error?: { type: string; message: string } }
}
export async function send(server: TestServer, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] }
}
export async function begin(server: TestServer, run: object = {}): Promise<Run> {
  const { status, body } = await send(server, 'POST', '/v1/runs/begin', { run: { task: 'import', ...run }, worker: 'script' })
  expect(status).toBe(201)
  return (body as unknown as { run: Run }).run
}
