// One line of a package list, as apt-get writes packages: `curl`, `libssl*`, `jq=1.6-2.1`, `curl:arm64`; and `jq (>= 1.6)`,
// as Depends writes them, and `src:hello` for a source package.

import type { Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { versions } from '../../versions/debian.ts'

/** Longer names could not be file names. */
const pattern = /^(src:)?([A-Za-z0-9*?][A-Za-z0-9+.*?-]{0,254})(?::([a-z0-9-]{1,64}))?$/

/** Understands one line; throws CONFIG when it is none. */
export function want(text: string): Omit<Selector, 'from'> {
  const line = text.trim()
  const { head, range } = split(line)
  const [, source, name, architecture] = pattern.exec(head) ?? []
  const quoted = JSON.stringify(text.slice(0, 200))
  if (name === undefined) throw new MirrorError('CONFIG', `${quoted} names no Debian package`)
  const fault = range === '' ? 'no version' : versions.fault(range ?? '')
  if (fault !== undefined) throw new MirrorError('CONFIG', `${quoted}: ${fault.slice(0, 400)}`)
  return {
    name,
    ...(range !== undefined && { range }),
    options: {
      ...(source !== undefined && { source: true }),
      ...(architecture !== undefined && { architectures: [architecture] }),
    },
  }
}

function split(line: string): { readonly head: string; readonly range?: string } {
  const open = line.indexOf('(')
  if (open !== -1 && line.endsWith(')'))
    return { head: line.slice(0, open).trim(), range: line.slice(open + 1, -1).trim() }
  const equals = line.indexOf('=')
  if (equals === -1) return { head: line }
  return { head: line.slice(0, equals).trim(), range: line.slice(equals + 1).trim() }
}
