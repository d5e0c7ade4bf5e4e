// A small registry of gems on loopback, out of what `rubygems.rb` recorded: gems with a native platform, a pre-release, and a
// version for a Ruby that is not there yet. With everything it answers as the public registry does; with the compact index
// alone there are no Marshal lists and no specifications, no validators, and no publication times.

import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { file, startUpstream, text, type Upstream } from '../fakes/upstream.ts'

export const recorded = new URL('./recorded/rubygems/', import.meta.url).pathname

export interface GemReplica {
  readonly upstream: Upstream
  /** Paths of the gems. */
  readonly gems: readonly string[]
}

export type Kind = 'with everything' | 'with the compact index alone'

/** What a project writes into its Gemfile after the source, and what its program prints. */
export const gemfile = 'gem "orchard", "~> 1.0"\n'
export const printed = 'orchard > red apple > pip and stone fruit\n'

export async function startGemReplica(kind: Kind): Promise<GemReplica> {
  const upstream = await startUpstream()
  const rich = kind === 'with everything'
  const paths = globSync('**', { cwd: recorded, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(recorded.length).replace(/^\/*/, '/'))
    .sort()
  for (const path of paths) {
    const bytes = readFileSync(`${recorded}${path}`)
    if (path.endsWith('.gz') || path.endsWith('.rz')) {
      if (rich) upstream.set(path, file(bytes, { etag: true }))
    } else if (path.endsWith('.gem')) upstream.set(path, file(bytes, rich ? { etag: true } : {}))
    else if (rich) upstream.set(path, text(bytes.toString(), { etag: true }))
    else upstream.set(path, text(plain(path, bytes.toString())))
  }
  return { upstream, gems: paths.filter((path) => path.endsWith('.gem')) }
}

/** As registries write it that know the older form of the index: no times, and in the list the digests of such pages. */
function plain(path: string, body: string): string {
  const withoutTimes = (page: string): string => page.replace(/,created_at:[^,\n]*/g, '')
  if (path !== '/versions') return withoutTimes(body)
  return body.replace(/^(\S+) (\S+) [0-9a-f]{32}$/gm, (_, name: string, versions: string) => {
    const page = withoutTimes(readFileSync(`${recorded}/info/${name}`, 'utf8'))
    return `${name} ${versions} ${createHash('md5').update(page).digest('hex')}`
  })
}
