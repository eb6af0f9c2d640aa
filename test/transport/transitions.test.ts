// The whole table: every state with every event.
import { describe, expect, test } from 'vitest'
import type { ConnectionStatus } from '../../src/transport/connection-status.ts'
import { type ConnectionEvent, transition, transitions } from '../../src/transport/transitions.ts'

const EVENTS: readonly ConnectionEvent[] = ['want', 'unwant', 'opened', 'lost', 'refused', 'pause', 'resume', 'close']

// columns in the order of EVENTS; a dash stays
const TABLE: { readonly [S in ConnectionStatus]: readonly (ConnectionStatus | '-')[] } = {
  //             want          unwant  opened  lost            refused   pause     resume          close
  idle: /*    */ ['connecting', '-', '-', '-', '-', '-', '-', 'closed'],
  connecting: ['-', 'idle', 'open', 'reconnecting', 'failed', 'paused', '-', 'closed'],
  open: /*    */ ['-', 'idle', '-', 'reconnecting', 'failed', 'paused', '-', 'closed'],
  reconnecting: ['-', 'idle', 'open', '-', 'failed', 'paused', '-', 'closed'],
  paused: /*  */ ['-', 'idle', '-', '-', '-', '-', 'reconnecting', 'closed'],
  failed: /*  */ ['connecting', 'idle', '-', '-', '-', '-', '-', 'closed'],
  closed: /*  */ ['-', '-', '-', '-', '-', '-', '-', '-'],
}

describe('transitions', () => {
  for (const [state, row] of Object.entries(TABLE) as [ConnectionStatus, readonly (ConnectionStatus | '-')[]][])
    for (const [at, event] of EVENTS.entries())
      test(`${state} + ${event} = ${row[at]}`, () => {
        expect(transition(state, event)).toBe(row[at] === '-' ? state : row[at])
      })

  test('nothing is in the table that is not tested', () => {
    for (const [state, row] of Object.entries(transitions)) {
      expect(TABLE).toHaveProperty(state)
      for (const event of Object.keys(row)) expect(EVENTS).toContain(event)
    }
  })
})
