// The beginning of a text, as a text of its own.

/** The first `length` characters, the last of them an ellipsis where there were more. */
export const excerpt = (text: string, length: number): string =>
  // a slice alone is a view, and keeps all of a 5 MB text in memory for as long as it lives
  text.length > length ? Buffer.from(`${text.slice(0, length - 1)}…`).toString() : text
