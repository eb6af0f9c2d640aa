// Why rows were rejected, and the first of them.
import type { ReactElement } from 'react'
import type { RejectedRow } from '../contracts.ts'
import { number } from './format.ts'
import { ScrollArea } from './scroll-area.tsx'

interface RejectedRowsProps {
  readonly reasons: { readonly [reason: string]: number } | undefined
  readonly examples: readonly RejectedRow[] | undefined
  readonly total: number
  readonly isOver: boolean
}

export function RejectedRows({ reasons = {}, examples = [], total, isOver }: RejectedRowsProps): ReactElement {
  return (
    <div className="panel">
      <h4>Rejected rows</h4>
      <ScrollArea className="panel-scroll" label="Rejected rows">
        {total === 0 ? (
          <p className="quiet">{isOver ? 'No row was rejected.' : 'None so far.'}</p>
        ) : (
          <>
            <ul className="reasons">
              {Object.entries(reasons)
                .toSorted(([, a], [, b]) => b - a)
                .map(([reason, count]) => (
                  <li key={reason}>
                    <span className="reason-count">{number(count)}</span> {reason}
                  </li>
                ))}
            </ul>
            {examples.length > 0 && (
              <ol className="examples">
                {examples.map(({ line, row, reason }) => (
                  <li key={line}>
                    <span className="example-line">line {line}</span>
                    <span className="example-row" dir="auto">
                      {row}
                    </span>
                    <span className="example-reason">{reason}</span>
                  </li>
                ))}
              </ol>
            )}
            {total > examples.length && examples.length > 0 && <p className="quiet">and {number(total - examples.length)} more</p>}
          </>
        )}
      </ScrollArea>
    </div>
  )
}
