#!/usr/bin/env node
// The command `runfeed`. Nothing but the start is here: what a command needs is loaded when it is called, so that --help is quick.
import { RunfeedError } from '../protocol/errors.ts'
import { fail, runProgram } from './program.ts'

const args = process.argv.slice(2)

// whoever reads may stop reading (`| head`): that is no failure
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    process.exit(stream === process.stdout ? fail(new RunfeedError('output', `the output could not be written: ${error.message}`), args) : 1)
  })

process.exitCode = await runProgram(args)
