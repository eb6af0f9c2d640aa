#!/usr/bin/env node
// The command `runfeed`. Nothing but the start is here: what a command needs is loaded when it is called, so that --help is quick.
import { runProgram } from './program.ts'

// whoever reads may stop reading (`| head`): that is no failure
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })

process.exitCode = await runProgram(process.argv.slice(2))
