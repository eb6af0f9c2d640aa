// How far the frames of one connection have led: what whoever goes on from there asks for. It knows nothing of documents.
import type { Cursor } from '../protocol/cursor.ts'
import type { Frame } from '../protocol/frame.ts'
import { type QueryWant, runTopic, topicOf, type Want } from '../protocol/want.ts'

export class Positions {
  readonly #wants = new Map<string, Want>()

  constructor(wants: readonly Want[]) {
    for (const want of wants) this.#wants.set(topicOf(want), want)
  }

  /** What is still to come. */
  get wants(): Want[] {
    return [...this.#wants.values()]
  }

  /** What is still to come of one topic; `undefined` where it was not asked for, or all of it has been said. */
  of(topic: string): Want | undefined {
    return this.#wants.get(topic)
  }
  /** Forgets the others. */
  keep(isKept: (topic: string) => boolean): void {
    for (const topic of this.#wants.keys()) if (!isKept(topic)) this.#wants.delete(topic)
  }

  see(frame: Frame): void {
    switch (frame.event) {
      case 'run':
        return this.#run(frame.data.run.id, frame.data.cursor)
      case 'patch':
        return this.#run(frame.data.run, frame.data.cursor)
      case 'chunks': {
        const { index, chunks, cursor } = frame.data
        return this.#change(topicOf(frame.data), (want) => ({ ...want, index: index + chunks.length, cursor }) as Want)
      }
      case 'gap':
        return this.#change(topicOf(frame.data), (want) => ({ ...want, index: frame.data.to, cursor: undefined }) as unknown as Want)
      case 'end':
        // said once: whoever asks again is told again
        if (frame.data.settled) this.#wants.delete(runTopic(frame.data.run))
        return
      case 'denied':
        this.#wants.delete(topicOf(frame.data))
        return
      case 'leave':
        return this.#change(topicOf({ query: frame.data.query }), (want) => withCursor(want as QueryWant, frame.data.run, undefined))
      case 'open':
      case 'stream':
      case 'list':
      case 'enter':
      case 'ping':
      case 'bye':
        return
      default:
        frame satisfies never
    }
  }

  #run(id: string, cursor: Cursor): void {
    this.#change(runTopic(id), (want) => ({ ...want, cursor }) as Want)
    // any list may have brought it; a server takes no notice of a run that is no member
    for (const [topic, want] of this.#wants) if (want.query !== undefined) this.#wants.set(topic, withCursor(want, id, cursor))
  }

  #change(topic: string, change: (want: Want) => Want): void {
    const want = this.#wants.get(topic)
    if (want) this.#wants.set(topic, change(want))
  }
}

function withCursor(want: QueryWant, run: string, cursor: Cursor | undefined): QueryWant {
  const { [run]: _before, ...cursors } = want.cursors ?? {}
  return { ...want, cursors: cursor === undefined ? cursors : { ...cursors, [run]: cursor } }
}
