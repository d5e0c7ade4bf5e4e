// What conda's formats have in common: addresses `CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda`, and match specifications.
// https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html

import type { Locked, LockedDigest } from '../contract.ts'
import { filenameOf, locked } from './locked.ts'
import { type At, fault } from './place.ts'

const conda = 'conda'

/** What the address of a package tells; undefined when it is not of that form. */
export function condaAddress(url: string) {
  const filename = filenameOf(url)
  const [, name, version, build] = /^(.+)-([^-]+)-([^-]+)\.(?:conda|tar\.bz2)$/.exec(filename) ?? []
  if (name === undefined || version === undefined || build === undefined) return undefined
  const [, channel = '', subdir = ''] = /^(.*?)\/([^/]+)\/[^/]*$/.exec(url.replace(/[?#].*$/s, '')) ?? []
  return { name, version, build, filename, channel, subdir }
}

/** An entry of a package with its address. Throws LOCKFILE when that tells no name and version. */
export function fromAddress(at: At, url: string, digests: readonly LockedDigest[], markers?: string): Locked {
  const found = condaAddress(url)
  if (found === undefined) throw fault(at, `${JSON.stringify(url.slice(0, 200))} is no address of a conda package`)
  const { name, version, build, channel, subdir } = found
  const isRemote = /^https?:/.test(url)
  return locked(at, {
    ecosystem: conda,
    name: name.toLowerCase(),
    version,
    url,
    registry: isRemote && channel !== '' ? channel : undefined,
    source: isRemote ? 'registry' : 'file',
    digests: digests.map((one) => ({ ...one, filename: found.filename })),
    markers: markers ?? (subdir === '' ? undefined : subdir),
    options: { build, ...(subdir !== '' && { subdir }) },
  })
}

/** `channel::name=version=build`, `name >=1.2`. */
export function fromSpec(at: At, text: string): Locked {
  const [, address, spec = ''] = /^(?:(\S+?)::)?(.*)$/s.exec(text.trim()) ?? []
  const [, name, rest = ''] = /^([A-Za-z0-9_.-]+)\s*(.*)$/s.exec(spec) ?? []
  if (name === undefined) throw fault(at, `${JSON.stringify(text.slice(0, 200))} is no specification of a package`)
  // `=` alone means "begins with"; with a build, or `==`, it means that version
  const [, exact, build] = /^={1,2}\s*([\w.!+]+)\s*=\s*([\w.]+)$/.exec(rest) ?? /^==\s*([\w.!+]+)()$/.exec(rest) ?? []
  return locked(at, {
    ecosystem: conda,
    name: name.toLowerCase(),
    version: exact,
    range: exact === undefined && rest !== '' ? rest : undefined,
    registry: address !== undefined && /^https?:/.test(address) ? address : undefined,
    options: {
      ...(build !== undefined && build !== '' && { build }),
      ...(address !== undefined && { channel: address }),
    },
  })
}
