// The weighted lists of Accept and Accept-Encoding: `gzip;q=0.8, br`. RFC 9110 §12.4.2.

export interface Weighted {
  /** In lower case, without parameters. */
  readonly name: string
  /** From 0, refused, to 1. */
  readonly quality: number
}

/** RFC 9110 §12.4.2 allows three decimals; more of them, as some clients send, do no harm. */
const weight = /^(?:0(?:\.\d{0,9})?|1(?:\.0{0,9})?)$/

/** Reads a weighted list; an element whose weight is unreadable counts as 1, an empty element is skipped. */
export function readWeighted(text: string): readonly Weighted[] {
  const list: Weighted[] = []
  for (const element of text.split(',')) {
    const [name = '', ...parameters] = element.split(';')
    const trimmed = name.trim().toLowerCase()
    if (trimmed !== '') list.push({ name: trimmed, quality: qualityOf(parameters) })
  }
  return list
}

function qualityOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [key = '', value = ''] = parameter.split('=')
    if (key.trim().toLowerCase() !== 'q') continue
    return weight.test(value.trim()) ? Number(value) : 1
  }
  return 1
}
