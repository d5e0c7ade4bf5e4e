// The options of a want, where they have keys of their own.

import * as v from 'valibot'
import type { Selector } from '../contract.ts'
import { MirrorError } from '../errors.ts'

/** Throws CONFIG with the key for what the schema does not take. */
export function wantOptionsOf<S extends v.GenericSchema>(schema: S, want: Selector): v.InferOutput<S> {
  const found = v.safeParse(schema, want.options ?? {})
  if (found.success) return found.output
  const [issue] = found.issues
  const key = issue.path?.map((item) => String(item.key)).join('.') ?? ''
  throw new MirrorError('CONFIG', `${want.name}: ${key === '' ? '' : `${key}: `}${issue.message}`, { ...want.from })
}
