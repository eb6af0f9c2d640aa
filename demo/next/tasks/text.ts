// What a text is made of, and which of its sentences say most about it: those with the words that it uses most.

const COMMON = new Set(
  'about after again all also and any are but can could did does down either even for from had has have her here him his how into its itself just know like made make many may more most much must nor not now off once one only other our out over own quite said same say see she should some such than that the their them then there these they this those though through time too two under upon very was way well were what when where which while who whole why will with would you your'.split(
    ' ',
  ),
)

export const sentencesOf = (text: string): string[] =>
  [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text.replace(/\s+/g, ' '))].map(({ segment }) => segment.trim()).filter((s) => s !== '')

export const wordsOf = (sentence: string): string[] => sentence.toLowerCase().match(/\p{L}+(?:['’-]\p{L}+)*/gu) ?? []

export const termsOf = (sentence: string): string[] => wordsOf(sentence).filter((word) => word.length > 2 && !COMMON.has(word))

/** The three sentences whose words count most in the whole text, in the order in which they stand there. */
export function summaryOf(sentences: readonly string[], counts: ReadonlyMap<string, number>): string[] {
  const score = (sentence: string): number => {
    const terms = termsOf(sentence)
    // the mean, with a handicap for what is too short to say anything
    return terms.reduce((sum, term) => sum + (counts.get(term) ?? 0), 0) / (terms.length + 3)
  }
  const best = [...sentences.keys()].sort((a, b) => score(sentences[b] ?? '') - score(sentences[a] ?? ''))
  return best
    .slice(0, 3)
    .sort((a, b) => a - b)
    .map((index) => sentences[index] ?? '')
}
