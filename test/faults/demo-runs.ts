// The demo's runs, as a test starts, lists and counts them.
import type { Run, RunHandle, RunPage } from 'runfeed'

/** Rows that are at work at once: as many may be in the table and not yet in the record. */
export const ROWS_AT_ONCE = 16

export async function startSample(url: string): Promise<string> {
  const answer = await fetch(`${url}/sample`, { method: 'POST', headers: { 'x-runfeed-demo': '1' } })
  return ((await answer.json()) as RunHandle).id
}

export async function startText(url: string, tokensPerSecond: number): Promise<void> {
  const body = JSON.stringify({ payload: { tokensPerSecond } })
  await fetch(`${url}/v1/tasks/stream-text/trigger`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

export const runOf = async (url: string, id: string): Promise<Run> => (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run

/** The runs of its rows, oldest first. */
export async function rowsOf(url: string, id: string): Promise<readonly Run[]> {
  const rows: Run[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = (await (await fetch(`${url}/v1/runs?parent=${id}&limit=200${after && `&after=${after}`}`)).json()) as RunPage
    rows.push(...page.runs)
    after = page.next
  }
  return rows.toReversed()
}

export const countOf = ({ metadata }: Run, name: string): number => Number(metadata[name] ?? 0)
