'use server'
// What a page has done, by Next's server and with its key: runfeed/task reads RUNFEED_URL and RUNFEED_SECRET_KEY. Anybody can call these.
import { redirect } from 'next/navigation'
import { runs, tasks } from 'runfeed/task'
import { MAX_TEXT, tooLong } from '@/lib/contract'
import type { digest } from '@/tasks/digest'

/** What the form is shown with, when nothing was started. */
export interface Refused {
  problem: string
  title: string
  text: string
}

function field(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** @returns why nothing was started, with what was written; else the run's page is next. */
export async function startDigest(_before: Refused | undefined, form: FormData): Promise<Refused> {
  const text = field(form, 'text')
  const title = field(form, 'title').slice(0, 80) || 'A text without a title'
  if (text === '') return { problem: 'There is nothing to read yet: paste a text.', title, text }
  if (text.length > MAX_TEXT) return { problem: tooLong(text.length), title, text }
  let id: string
  try {
    // with its title from the first moment on, for lists
    ;({ id } = await tasks.trigger<typeof digest>('digest', { title, text }, { metadata: { title } }))
  } catch (thrown) {
    console.error(`a digest could not be started: ${String(thrown)}`)
    return { problem: 'The run server does not answer. Nothing was started; try again in a moment.', title, text }
  }
  redirect(`/runs/${id}`)
}

export async function cancelDigest(id: string): Promise<void> {
  const { task } = await runs.retrieve(id)
  // the key could cancel any run; whoever looks at this page may cancel digests
  if (task === ('digest' satisfies typeof digest.id)) await runs.cancel(id)
}
