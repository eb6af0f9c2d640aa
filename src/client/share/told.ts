// What the leader's connection has said so far: for tabs that come later, and have not heard it.
import type { Frame, FrameOf } from '../../protocol/frame.ts'
import { runTopic, topicOf } from '../../protocol/want.ts'
import { Chain } from '../../store/chain.ts'
import { omittedBy } from '../../store/omitted.ts'

interface Known {
  readonly chain: Chain
  omitted: FrameOf<'run'>['data']['omitted']
  end: FrameOf<'end'> | undefined
}

/** What it knows is named by topic. */
export class Told {
  readonly #runs = new Map<string, Known>()
  /** The last frame that said how each stream stands. */
  readonly #streams = new Map<string, FrameOf<'stream'>>()
  #epoch = 0

  /** A run as it is now, as one frame. */
  record(topic: string): FrameOf<'run'> | undefined {
    const { chain, omitted } = this.#runs.get(topic) ?? {}
    if (!chain?.run || chain.cursor === undefined) return undefined
    return { event: 'run', data: { run: chain.run, cursor: chain.cursor, ...(omitted && { omitted }) } }
  }
  end(topic: string): FrameOf<'end'> | undefined {
    return this.#runs.get(topic)?.end
  }
  stream(topic: string): FrameOf<'stream'> | undefined {
    return this.#streams.get(topic)
  }

  forgetRun(topic: string): void {
    this.#runs.delete(topic)
  }
  /** @param keepsRuns - all of them, wanted or not. */
  keep(isKept: (topic: string) => boolean, keepsRuns: boolean): void {
    for (const map of keepsRuns ? [this.#streams] : [this.#runs, this.#streams]) for (const topic of map.keys()) if (!isKept(topic)) map.delete(topic)
  }

  note(frame: Frame): void {
    switch (frame.event) {
      case 'run': {
        const { run, cursor } = frame.data
        this.#runs.set(runTopic(run.id), { chain: new Chain(run, cursor), omitted: omittedBy(frame), end: undefined })
        return
      }
      case 'patch':
        return this.#patch(frame)
      case 'end': {
        const known = this.#runs.get(runTopic(frame.data.run))
        if (known) known.end = frame
        return
      }
      case 'stream':
        this.#streams.set(topicOf(frame.data), frame)
        return
      default:
    }
  }

  #patch(frame: FrameOf<'patch'>): void {
    const topic = runTopic(frame.data.run)
    const known = this.#runs.get(topic)
    if (!known) return
    try {
      // each document may be on its way to another tab
      if (known.chain.follow(frame.data, ++this.#epoch)) known.omitted = [...new Set([...(known.omitted ?? []), ...(omittedBy(frame) ?? [])])]
      else this.forgetRun(topic)
    } catch {
      this.forgetRun(topic)
    }
  }
}
