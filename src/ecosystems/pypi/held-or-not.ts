// Documents that a view can do without: not there and not held are the same to it.

import type { Doc, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'

export async function documentOrNone(show: Show, path: string): Promise<Doc | undefined> {
  try {
    return await show.document(path)
  } catch (error) {
    if (error instanceof MirrorError && error.code === 'NOT_HELD') return undefined
    throw error
  }
}
