// The words and numbers of a progress bar, in the reader's language.

export interface ProgressWords {
  readonly of: (value: string, max: string) => string
  readonly left: (time: string) => string
  readonly perSecond: (amount: string) => string
  readonly failedAt: (percent: string) => string
  readonly failed: string
  readonly canceledAt: (percent: string) => string
  readonly canceled: string
  readonly complete: string
  readonly queued: string
  readonly loading: string
  readonly empty: string
  readonly error: string
  readonly stale: string
}

export const ENGLISH: ProgressWords = {
  of: (value, max) => `${value} of ${max}`,
  left: (time) => `about ${time} left`,
  perSecond: (amount) => `${amount}/s`,
  failedAt: (percent) => `Failed at ${percent}`,
  failed: 'Failed',
  canceledAt: (percent) => `Canceled at ${percent}`,
  canceled: 'Canceled',
  complete: 'Complete',
  queued: 'Waiting to start',
  loading: 'Loading…',
  empty: 'No run',
  error: 'Progress is unavailable',
  stale: 'Reconnecting…',
}

/** Percent without rounding up: 99.6 % is not done. */
export const percentText = (fraction: number, locale: string | undefined): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(Math.floor(fraction * 100) / 100)

export const amountText = (amount: number, locale: string | undefined): string =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: Math.abs(amount) < 10 && !Number.isInteger(amount) ? 1 : 0 }).format(amount)

/** In the largest unit that fits, and coarser the longer it is: a second more or less of an hour is noise. */
export function timeText(seconds: number, locale: string | undefined): string {
  const [amount, unit] =
    seconds < 50
      ? [Math.max(1, seconds > 20 ? Math.ceil(seconds / 5) * 5 : Math.ceil(seconds)), 'second']
      : seconds < 5400
        ? [Math.max(1, Math.round(seconds / 60)), 'minute']
        : [Math.round(seconds / 3600), 'hour']
  return new Intl.NumberFormat(locale, { style: 'unit', unit: String(unit), unitDisplay: 'short', maximumFractionDigits: 0 }).format(Number(amount))
}
