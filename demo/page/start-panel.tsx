// Where an import begins: a file that is dropped anywhere on the page, one that is chosen, or the sample.
import { type ChangeEvent, type ReactElement, useEffect, useRef, useState } from 'react'
import { startSample } from './api.ts'
import { Button } from './button.tsx'
import { number } from './format.ts'
import { Problem } from './problem.tsx'
import { useAction } from './use-action.ts'
import { useUploads } from './use-uploads.ts'

export function StartPanel(): ReactElement {
  const uploads = useUploads()
  const sample = useAction()
  const input = useRef<HTMLInputElement>(null)
  const isOver = useDroppedFiles(uploads.send)
  const choose = ({ currentTarget }: ChangeEvent<HTMLInputElement>): void => {
    uploads.send([...(currentTarget.files ?? [])])
    // else choosing the same file again changes nothing, and says nothing
    currentTarget.value = ''
  }

  return (
    <section className="start" data-over={isOver || undefined} aria-labelledby="start-title">
      <div>
        <h2 id="start-title">Import a CSV file</h2>
        <output className="quiet">
          {isOver
            ? 'Let go to import it.'
            : (progressOf(uploads.files) ?? (
                <>
                  <span className="by-mouse">Drop it anywhere on this page. </span>Every row becomes a run.
                </>
              ))}
        </output>
      </div>
      <div className="start-buttons">
        <input ref={input} hidden type="file" accept=".csv,text/csv" multiple onChange={choose} />
        <Button isPrimary press={() => input.current?.click()}>
          Choose a file
        </Button>
        <Button isOff={sample.isBusy} press={() => sample.run(startSample)}>
          Start the sample
        </Button>
      </div>
      <Problem text={uploads.problem} />
      <Problem text={sample.error} />
    </section>
  )
}

function progressOf([sent, ...waiting]: readonly File[]): string | undefined {
  if (!sent) return undefined
  return `Uploading ${sent.name}…${waiting.length === 0 ? '' : ` ${number(waiting.length)} more ${waiting.length === 1 ? 'waits' : 'wait'}.`}`
}

/** @returns whether a file is held over the page */
function useDroppedFiles(drop: (files: readonly File[]) => void): boolean {
  const [isOver, setOver] = useState(false)
  const latest = useRef(drop)
  useEffect(() => {
    latest.current = drop
  })
  useEffect(() => {
    // every element that is crossed sends a pair of these; only a count knows when the page is left
    let depth = 0
    const set = (to: number): void => {
      depth = Math.max(0, to)
      setOver(depth > 0)
    }
    const carriesFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent): void => {
      if (carriesFiles(event)) set(depth + 1)
    }
    const leave = (event: DragEvent): void => {
      if (carriesFiles(event)) set(depth - 1)
    }
    const over = (event: DragEvent): void => {
      // without it the browser opens the file in the page's place
      if (carriesFiles(event)) event.preventDefault()
    }
    const dropped = (event: DragEvent): void => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      set(0)
      latest.current([...(event.dataTransfer?.files ?? [])])
    }
    const listeners = { dragenter: enter, dragleave: leave, dragover: over, drop: dropped }
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener)
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name, listener as EventListener)
    }
  }, [])
  return isOver
}
