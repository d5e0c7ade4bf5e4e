// What a line of a lockfile wants of a mirror: a selector of the repository that it belongs to, or why there is none.

import type { Digests, Locked, LockedDigest, Selector } from '../contract.ts'
import { ecosystems } from '../ecosystems/index.ts'
import type { Mirror, MountedRepo } from '../engine/mirror.ts'
import { spellings } from './spellings.ts'

/** A registry that lockfiles name and nothing mirrors. */
export interface Missing {
  readonly ecosystem: string
  /** Without a slash at the end. */
  readonly address: string
}

export type Placed =
  | { readonly mounted: MountedRepo; readonly selector: Selector }
  | { readonly reason: string; readonly missing?: Missing }

/** `direct`: the lockfile names what is wanted directly, so that dependencies are followed. */
export function place(mirror: Pick<Mirror, 'repos'>, locked: Locked, file: string, direct: boolean): Placed {
  const { source, ecosystem, line } = locked
  if (source !== 'registry' && source !== 'url') return { reason: `its source is ${source}, not a registry` }
  const candidates = [...mirror.repos.values()].filter((one) => one.ecosystem.id === ecosystem)
  const mounted = repoFor(candidates, locked)
  if (mounted === undefined) {
    const address = locked.url ?? locked.registry
    const from = candidates.length === 0 || address === undefined ? '' : ` from ${originOf(address)}`
    const missing = missingOf(locked)
    return {
      reason:
        ecosystem === 'unknown' ? 'nothing says what ecosystem it is of' : `no repository mirrors ${ecosystem}${from}`,
      ...(missing === undefined ? {} : { missing }),
    }
  }
  const digests = comparable(locked)
  const files = named(locked)
  const { versions } = mounted.ecosystem
  const range = locked.version === undefined ? locked.range : versions.exact(locked.version)
  const fault = locked.version === undefined && range !== undefined ? versions.fault(range) : undefined
  if (fault !== undefined) return { reason: `${JSON.stringify(range)} is no range: ${fault}` }
  return {
    mounted,
    selector: {
      name: mounted.ecosystem.name(locked.name),
      // a line that pins nothing comes from a list that does not hold all that it takes
      ...(direct || locked.version === undefined ? {} : { follow: [] }),
      from: { file: locked.file ?? file, ...(line === undefined ? {} : { line }) },
      ...(range === undefined ? {} : { range }),
      ...(digests.length === 0 ? {} : { digests }),
      ...(files.length === 0 ? {} : { files }),
      ...(locked.options === undefined ? {} : { options: locked.options }),
    },
  }
}

/** The digests that a file of the entry can be held against: those of a file, and kinds that the ecosystem computes. */
function comparable(locked: Locked): readonly Digests[] {
  return computable(locked)
    .filter(({ of }) => of !== 'content')
    .map(({ digests }) => digests)
}

const named = (locked: Locked): NonNullable<Selector['files']> =>
  computable(locked).flatMap(({ of, filename, digests }) =>
    of === 'content' || filename === undefined ? [] : { name: filename, digests },
  )

/** Those that can be computed at all, of whichever file of the entry. */
export function computable({ ecosystem, digests }: Locked): readonly LockedDigest[] {
  const own = ecosystems.find(({ id }) => id === ecosystem)?.digests ?? {}
  return digests.filter(
    ({ of, digests: stated }) => of === 'file' || Object.keys(stated).every((kind) => Object.hasOwn(own, kind)),
  )
}

/**
 * The repository whose upstream its address lies under, else the ecosystem's first: lockfiles that were written behind a
 * mirror name that mirror. Where another registry is named, only a digest tells that the first has the same.
 */
function repoFor(candidates: readonly MountedRepo[], locked: Locked): MountedRepo | undefined {
  const { url, registry, source } = locked
  const address = (url ?? registry)?.replace(/\/+$/, '')
  const spelled = candidates.find((one) =>
    spellings(one).some((prefix) => address === prefix || address?.startsWith(`${prefix}/`)),
  )
  if (spelled !== undefined) return spelled
  const isElsewhere = address?.startsWith('http') === true
  if (isElsewhere && source === 'url') return undefined
  if ((isElsewhere || registry !== undefined) && comparable(locked).length === 0) return undefined
  return candidates[0]
}

/** The registry of a line, where it says one and there is a way to mirror it: of a file's address what stands before the package. */
function missingOf({ ecosystem, name, registry, url, source }: Locked): Missing | undefined {
  if (!ecosystems.some(({ id }) => id === ecosystem) || (source === 'url' && namesFile(url ?? ''))) return undefined
  const address = registry ?? url ?? ''
  if (!/^https?:/.test(address) || !URL.canParse(address)) return undefined
  const at = registry === undefined ? address.indexOf(`/${name}`, 'https://'.length) : address.length
  const { origin } = new URL(address)
  return { ecosystem, address: (at < 0 ? origin : address.slice(0, at)).replace(/\/+$/, '') }
}

/** A file's address ends in a name with an extension; that of an image or a registry does not. */
export const namesFile = (address: string): boolean => /[^/]\.[a-z0-9]+$/i.test(address.replace(/[?#].*$/s, ''))

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)
