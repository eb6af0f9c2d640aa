// The engine without a disk: for tests, stories and short-lived servers. Durable means: as long as this object.
import { RunfeedError } from '../../protocol/errors.ts'
import { Alarm } from '../alarm.ts'
import { Bell } from '../bell.ts'
import { type EmbeddedEngine, embeddedEngine } from '../embedded.ts'
import { Leases } from '../leases.ts'
import { LogBounds } from '../log-bounds.ts'
import { type EngineOptions, settle } from '../settings.ts'
import { sweepRecord } from '../sweep.ts'
import { type Desk, Turn } from '../turn.ts'
import { MemoryStorage } from './memory-storage.ts'

export type MemoryEngineOptions = EngineOptions

/** @throws InvalidRequestError naming the option */
export function memoryEngine(options: MemoryEngineOptions = {}): EmbeddedEngine {
  const settings = settle(options)
  const bell = new Bell()
  const alarm = new Alarm(settings.now, () => void run(sweepRecord))
  const leases = new Leases(settings.leaseMs, settings.elapsed, () => void engine.sweep())
  const desk: Desk = { storage: new MemoryStorage(new LogBounds(settings.logVersions, settings.logBytes)), settings, bell, leases, alarm }
  let isClosed = false
  const run = async <T>(call: (turn: Turn) => T): Promise<T> => {
    if (isClosed) throw new RunfeedError('closed', 'the engine is closed')
    const turn = new Turn(desk)
    const value = call(turn)
    turn.settle()
    // not within the call: a listener that calls back would meet a caller that has not got its answer
    queueMicrotask(() => turn.ring())
    return value
  }
  const engine = embeddedEngine(
    {
      write: run,
      read: run,
      close: async () => {
        isClosed = true
        leases.stop()
        alarm.stop()
      },
    },
    bell,
  )
  return engine
}
