// Promises that the code of tasks leaves behind, rejected, with nobody to handle them. Node would end the process, and with it every other run.
import { currentScope } from '../task/run-scope.ts'

/** From now on they are said on stderr, with the run whose code it was, and all goes on. What is thrown past all code (`uncaughtException`) ends the process. */
export function reportStrayRejections(): void {
  process.on('unhandledRejection', (reason) => {
    const run = currentScope()?.run
    console.error(`runfeed: ${run ? `${run.task} ${run.id}: ` : ''}a promise was rejected and nobody handles it:`, reason)
  })
}
