// Begins a run at the server whose address it is given, says the run's id, and never ends it. Started by with-run.test.ts.
import { metadata, withRun } from 'runfeed/task'

await withRun({ url: process.argv[2] as string, task: 'script' }, async ({ ctx }) => {
  metadata.set('said', 'before')
  await metadata.flush()
  console.log(JSON.stringify(ctx.run.id))
  await new Promise(() => setInterval(() => {}, 60_000))
})
