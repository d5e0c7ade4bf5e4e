// Which of the bodies of an answer a client gets, and what it is told apart by.

import type { Served } from '../engine/served.ts'
import { chooseCoding } from './codings.ts'
import type { Validators } from './conditions.ts'
import { tagsOf } from './fields.ts'

export interface Choice {
  /** Undefined for the body as it is. */
  readonly coding: string | undefined
  readonly body: Served['body']
  readonly validators: Validators
}

/** By its Accept-Encoding. */
export function chosenFrom(served: Served, accept: string | undefined): Choice {
  const coding = served.twins && chooseCoding(accept, served.twins)
  const body = (coding !== undefined && served.twins?.[coding]) || served.body
  return { coding, body, validators: { tags: tagsOf(served, coding), modified: served.modified } }
}
