// What this process counts, in the Prometheus text format 0.0.4. Counters begin at 0 with the process; what others know is asked for when it is read.
import type { RunEngine } from '../protocol/engine.ts'

/** Seconds: from a commit to the moment when its frame is handed to a connection. */
const LAG_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** What is known elsewhere. */
export interface Gauges {
  feeds(): number
  wants(): number
  wakes(): number
}

type Sample = readonly [labels: string, value: number]

export class Metrics {
  readonly #engine: RunEngine
  readonly #gauges: Gauges
  #commits = 0
  #refusedOperations = 0
  readonly #refusedRequests = { '4xx': 0, '5xx': 0 }
  /** How many were in each bucket, and beyond the last. */
  readonly #lags: number[] = Array.from({ length: LAG_BUCKETS.length + 1 }, () => 0)
  #lagSum = 0

  constructor(engine: RunEngine, gauges: Gauges) {
    this.#engine = engine
    this.#gauges = gauges
  }

  /** @param refused - how many of its operations. */
  commit(refused: number): void {
    this.#commits++
    this.#refusedOperations += refused
  }

  answer(status: number): void {
    if (status >= 400) this.#refusedRequests[status < 500 ? '4xx' : '5xx']++
  }

  /** @param ms - a clock that was set back makes none negative. */
  lag(ms: number): void {
    const seconds = Math.max(0, ms) / 1000
    const bucket = LAG_BUCKETS.findIndex((most) => seconds <= most)
    const at = bucket < 0 ? LAG_BUCKETS.length : bucket
    this.#lags[at] = (this.#lags[at] ?? 0) + 1
    this.#lagSum += seconds
  }

  async text(): Promise<string> {
    const runs = await this.#engine.counts?.()
    return [
      metric('runfeed_feeds_open', 'gauge', 'Feed connections that are open.', [['', this.#gauges.feeds()]]),
      metric('runfeed_wants_open', 'gauge', 'What they ask for: runs, streams and queries.', [['', this.#gauges.wants()]]),
      metric('runfeed_wakes_open', 'gauge', 'Workers elsewhere that listen.', [['', this.#gauges.wakes()]]),
      metric('runfeed_feed_lag_seconds', 'histogram', 'From a commit to the moment when its frame is handed to a connection.', this.#lagSamples()),
      metric('runfeed_commits_total', 'counter', 'Commits that were taken.', [['', this.#commits]]),
      metric('runfeed_refused_operations_total', 'counter', 'Operations of commits that were left out.', [['', this.#refusedOperations]]),
      metric(
        'runfeed_refused_requests_total',
        'counter',
        'Requests that were answered by an error, by the class of its status.',
        Object.entries(this.#refusedRequests).map(([status, count]) => [`{status="${status}"}`, count]),
      ),
      ...(runs
        ? [
            metric(
              'runfeed_runs',
              'gauge',
              'Runs in the record, by status.',
              Object.entries(runs).map(([status, count]) => [`{status="${status}"}`, count]),
            ),
          ]
        : []),
    ].join('')
  }

  #lagSamples(): readonly Sample[] {
    let sum = 0
    const buckets = this.#lags.map((count, at): Sample => [`_bucket{le="${LAG_BUCKETS[at] ?? '+Inf'}"}`, (sum += count)])
    return [...buckets, ['_sum', this.#lagSum], ['_count', sum]]
  }
}

/** @param samples - each with what follows the name. */
const metric = (name: string, type: string, help: string, samples: readonly Sample[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map(([suffix, value]) => `${name}${suffix} ${value}\n`).join('')}`
