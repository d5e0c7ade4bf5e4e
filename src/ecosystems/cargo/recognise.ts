// Which crate an index file is of, by its first line; and the registry's config.json.

import { objectOf } from '../../formats/json-object.ts'
import { parseLine } from './line.ts'
import { indexPath, isCrateName } from './paths.ts'

const LONGEST = 1024 * 1024
/** Of config.json. */
const members = new Set(['dl', 'api', 'auth-required'])
const NEWLINE = 0x0a

export function recognise(bytes: Uint8Array): readonly { path: string; type: string }[] {
  const end = bytes.indexOf(NEWLINE)
  const line = bytes.subarray(0, end === -1 ? Math.min(bytes.length, LONGEST) : Math.min(end, LONGEST))
  const name = line[0] === 0x7b ? parseLine(Buffer.from(line).toString())?.name : undefined
  if (name !== undefined && isCrateName(name)) return [{ path: indexPath(name), type: 'text/plain' }]
  const config = bytes.length > LONGEST ? undefined : objectOf(bytes)
  const isConfig = typeof config?.dl === 'string' && Object.keys(config).every((key) => members.has(key))
  return isConfig ? [{ path: '/config.json', type: 'application/json' }] : []
}
