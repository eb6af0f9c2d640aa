// What the server refuses, and who is told so: whoever asked for it with the token that was refused. The others ask again.
import type { RunfeedError } from '../../protocol/errors.ts'
import type { FrameOf } from '../../protocol/frame.ts'
import { queryName, topicOf, type Want } from '../../protocol/want.ts'
import type { Positions } from '../../transport/positions.ts'
import type { Demand } from './demand.ts'
import type { HubHost } from './hub.ts'
import type { Told } from './told.ts'

export class Refusals {
  readonly #demand: Demand
  readonly #told: Told
  readonly #host: Pick<HubHost, 'send'>
  /** What the connection was asked for that was opened last. */
  #wants: readonly Want[] = []
  /** What of it somebody needs from further back than the connection before it. */
  #again: readonly Want[] = []
  #own: string | undefined

  constructor(demand: Demand, told: Told, host: Pick<HubHost, 'send'>) {
    this.#demand = demand
    this.#told = told
    this.#host = host
  }

  /** A connection is opened for these. @param own - the token that it is opened with. */
  opened(wants: readonly Want[], own: string | undefined): void {
    this.#wants = wants
    this.#again = [...this.#demand.again.values()]
    this.#own = own
  }

  /**
   * The connection that was opened last was refused, and the one before it goes on: that brings nothing of it, or all but what somebody needs from
   * further back.
   * @returns whether something is to be asked for again.
   */
  replacement(positions: Positions, { type, message }: RunfeedError): boolean {
    const demand = this.#demand
    const own = this.#own
    demand.positions = positions
    const isMissing = (want: Want): boolean => !positions.of(topicOf(want))
    const missing = this.#wants.filter(isMissing)
    for (const want of missing.length > 0 ? missing : this.#again) this.refuse(want, type, message, ({ token }) => (token ?? own) === (want.token ?? own))
    for (const want of this.#again) {
      // of those who need one resource the last one's token stood for all
      const others = demand.sessions.flatMap(({ wants }) => wants.get(topicOf(want)) ?? [])
      const other = others.find(({ token }) => token === want.token) ?? others[0]
      if (other) demand.again.set(topicOf(want), { ...want, token: other.token } as Want)
    }
    return demand.again.size > 0 || demand.wants().some(isMissing)
  }

  /** @param isFor - who is told. @defaultValue everybody who asked for it */
  refuse({ run, stream, query }: Want, code: string, message: string, isFor: (want: Want) => boolean = () => true): void {
    this.denied({ event: 'denied', data: { run, stream, query: query && queryName(query), code, message } as FrameOf<'denied'>['data'] }, isFor)
  }

  /** Tells whoever asked for it with the token that it was denied to. @returns whether somebody asked with another one. */
  denied(frame: FrameOf<'denied'>, isFor: (want: Want) => boolean): boolean {
    const topic = topicOf(frame.data)
    let isWanted = false
    this.#told.forgetRun(topic)
    for (const { tab, session, wants } of this.#demand.sessions) {
      const want = wants.get(topic)
      if (!want) continue
      isWanted ||= !isFor(want)
      if (!isFor(want)) continue
      // whoever can ask for another token asks again
      wants.delete(topic)
      this.#host.send([frame], tab, session)
    }
    return isWanted
  }
}
