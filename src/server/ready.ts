// Answers made ready: the head of each variant of a remembered answer, built once, and its body while it is in memory.

import { type Blob, isBlob, isGrowing, type Served } from '../engine/served.ts'
import { type Choice, chosenFrom } from './choice.ts'
import { judgeConditions } from './conditions.ts'
import { unchangedFields, wholeFields } from './fields.ts'
import { sizeOf } from './growing.ts'
import type { Memory } from './memory.ts'
import type { Plain } from './plain.ts'
import type { Ready } from './quick.ts'

export interface ReadyAnswer extends Ready {
  readonly status: 200 | 304
}

/** One coding of an answer. */
interface Variant extends Choice {
  readonly body: Blob | Uint8Array
  whole: Buffer | undefined
  readonly unchanged: Map<string | undefined, Buffer>
}

/** Distinct Accept-Encoding fields remembered for one answer; clients know a handful. */
const MOST = 16

/** What HTTP cannot carry: Node's own writer says so with an error. */
const unwritable = /[^\t\x20-\x7e\x80-\xff]/

export function createReady(memory: Memory): (served: Served, asked: Plain) => ReadyAnswer | undefined {
  const variants = new WeakMap<Served, Map<string | undefined, Variant>>()

  function variantOf(served: Served, accept: string | undefined): Variant | undefined {
    let known = variants.get(served)
    if (known === undefined) {
      known = new Map()
      variants.set(served, known)
    }
    const found = known.get(accept)
    if (found !== undefined) return found
    const { coding, body, validators } = chosenFrom(served, accept)
    if (isGrowing(body)) return undefined
    const made: Variant = { coding, body, validators, whole: undefined, unchanged: new Map() }
    if (known.size >= MOST) known.clear()
    known.set(accept, made)
    return made
  }

  return (served, asked) => {
    const variant = variantOf(served, asked['accept-encoding'])
    if (variant === undefined) return undefined
    const { coding, body, validators, unchanged } = variant
    const condition = judgeConditions(asked, validators)
    if (!condition.holds) {
      if (condition.status !== 304) return undefined
      const { tag } = condition
      const head = unchanged.get(tag) ?? headOf('304 Not Modified', unchangedFields(served, tag))
      if (head === undefined) return undefined
      unchanged.set(tag, head)
      return { status: 304, head, body: undefined }
    }
    const bytes = isBlob(body) ? memory.get(body.sha256) : body
    if (bytes === undefined) return undefined
    variant.whole ??= headOf('200 OK', wholeFields(served, coding, sizeOf(body)))
    return variant.whole === undefined ? undefined : { status: 200, head: variant.whole, body: bytes }
  }
}

function headOf(status: string, fields: readonly string[]): Buffer | undefined {
  if (fields.some((text) => unwritable.test(text))) return undefined
  const lines = [`HTTP/1.1 ${status}`]
  for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
}
