// What a bench ran on, in one line.
import { cpus, totalmem } from 'node:os'

const [cpu] = cpus()
export const machine: string = `${cpus().length} cores of ${cpu?.model.trim() ?? 'an unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB; Node ${process.versions.node}, SQLite ${process.versions.sqlite}`
