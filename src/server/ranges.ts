// The Range header field. RFC 9110 §14.1.2. One range is answered with its part; several are answered with the whole,
// which every client must accept.

/** Bytes from `from` up to, not including, `to`. */
export interface Part {
  readonly from: number
  readonly to: number
}

/** One range as asked, before the size is known; `suffix` counts from the end. */
export type AskedRange = { readonly from: number; readonly last: number | undefined } | { readonly suffix: number }

const one = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/** Undefined for what is to be ignored: a malformed range, another unit, several ranges. */
export function readRange(text: string | undefined): AskedRange | undefined {
  const [, first = '', second = ''] = one.exec(text ?? '') ?? []
  if (first === '') return second === '' ? undefined : { suffix: Number(second) }
  const from = Number(first)
  if (second === '') return { from, last: undefined }
  const last = Number(second)
  return last < from ? undefined : { from, last }
}

/** The part of `size` bytes that is meant; undefined when there is no such part (416). */
export function resolveRange(asked: AskedRange, size: number): Part | undefined {
  if ('suffix' in asked) {
    if (asked.suffix === 0 || size === 0) return undefined
    return { from: Math.max(0, size - asked.suffix), to: size }
  }
  if (asked.from >= size) return undefined
  return { from: asked.from, to: asked.last === undefined ? size : Math.min(size, asked.last + 1) }
}
