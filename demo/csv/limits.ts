// What a file may have, for the server, the page and the terminal. Pure: the page imports it.

export const MAX_ROWS = 20_000
export const MAX_FILE_BYTES: number = 10 * 1024 * 1024
export const MAX_COLUMNS = 1000
/** Characters of a field; a row with a longer one is rejected. */
export const MAX_FIELD_LENGTH = 1_000_000
/** Bytes of a row as JSON, which is what a run takes; a longer one is rejected. */
export const MAX_ROW_BYTES: number = 1024 * 1024

const LIMITS = `a file may have ${MAX_ROWS.toLocaleString('en')} rows or 10 MB; split it`
export const tooManyRows = (name: string): string => `${name} has more than ${MAX_ROWS.toLocaleString('en')} rows; ${LIMITS}`
export const tooManyColumns = (name: string): string =>
  `${name} has more than ${MAX_COLUMNS.toLocaleString('en')} columns; a file may have ${MAX_COLUMNS.toLocaleString('en')}`
export const tooManyBytes = (name: string): string => `${name} is larger than 10 MB; ${LIMITS}`
export const isEmpty = (name: string): string => `${name} is empty; choose a CSV file with a header line`
