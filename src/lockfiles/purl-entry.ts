// A package URL of a bill of materials as an entry. https://github.com/package-url/purl-spec

import type { Locked, LockedDigest } from '../contract.ts'
import { MirrorError } from '../errors.ts'
import { type Purl, parsePurl } from '../formats/purl.ts'
import { locked, ofFileIf, statedDigest } from './locked.ts'
import { type At, fault } from './place.ts'
import { pythonName } from './python.ts'

/** Types whose ecosystem has another id. */
const ecosystems: Readonly<Record<string, string>> = {
  alpm: 'arch',
  apk: 'alpine',
  cpan: 'cpan',
  deb: 'debian',
  docker: 'oci',
  gem: 'rubygems',
  generic: 'files',
  github: 'git',
  golang: 'go',
}

/** Types that are hosts of Git repositories. */
const hosts: Readonly<Record<string, string>> = { bitbucket: 'bitbucket.org', github: 'github.com' }

/** Throws LOCKFILE where the text is no package URL. `digests` and `url` are what stands beside it. */
export function fromPurl(at: At, text: string, digests: readonly LockedDigest[], url?: string): Locked {
  const purl = parsed(at, text)
  const { type, qualifiers } = purl
  const ecosystem = Object.hasOwn(ecosystems, type) ? (ecosystems[type] ?? type) : type
  const vcs = qualifiers.vcs_url
  const download = qualifiers.download_url ?? url
  const checksums = (qualifiers.checksum ?? '')
    .split(',')
    .filter(Boolean)
    .map((one) => statedDigest(at, one))
  if (ecosystem === 'oci') return fromImage(at, purl)
  const host = Object.hasOwn(hosts, type)
    ? `${hosts[type]}/`
    : type === 'swift' && /^[^/]+\.[^/]+\//.test(purl.name)
      ? ''
      : undefined
  const isGit = host !== undefined
  return locked(at, {
    ecosystem,
    name: nameOf(purl),
    version:
      type === 'gem' && qualifiers.platform !== undefined && qualifiers.platform !== 'ruby'
        ? `${purl.version}-${qualifiers.platform}`
        : purl.version,
    registry: addressOf(qualifiers.repository_url),
    url: vcs ?? (isGit ? `git+https://${host}${purl.name}#${purl.version ?? ''}` : addressOf(download)),
    source: vcs !== undefined || isGit ? 'git' : ecosystem === 'files' ? 'url' : 'registry',
    digests: [...digests, ...ofFileIf(Object.assign({}, ...checksums))],
    markers: qualifiers.arch ?? qualifiers.platform,
    options: optionsOf(purl),
  })
}

function parsed(at: At, text: string): Purl {
  try {
    return parsePurl(text)
  } catch (cause) {
    if (cause instanceof MirrorError) throw fault(at, cause.message, cause)
    throw cause
  }
}

function nameOf({ type, name }: Purl): string {
  const slash = name.lastIndexOf('/')
  if (type === 'maven') return name.replace(/\/([^/]*)$/, ':$1')
  if (type === 'pypi') return pythonName(name)
  if (['composer', 'nuget', 'npm'].includes(type)) return type === 'npm' ? name : name.toLowerCase()
  // the namespace of a distribution's package is the distribution, of others the author or the channel
  return ['deb', 'rpm', 'apk', 'alpm', 'cpan', 'conda', 'conan'].includes(type) ? name.slice(slash + 1) : name
}

function optionsOf({ type, qualifiers }: Purl): Locked['options'] {
  const kept: Readonly<Record<string, readonly string[]>> = {
    maven: ['classifier', 'type'],
    conda: ['build', 'subdir', 'channel'],
    conan: ['user', 'channel', 'rrev'],
  }
  const stated = (kept[type] ?? []).flatMap((name) => {
    const value = qualifiers[name]
    return value === undefined || (name === 'type' && value === 'jar') ? [] : [[name, value] as const]
  })
  return stated.length === 0 ? undefined : Object.fromEntries(stated)
}

/** `pkg:oci/alpine@sha256:…?repository_url=registry.example.org/library/alpine&tag=3.19`, `pkg:docker/library/alpine@3.19`. */
function fromImage(at: At, { type, name, version, qualifiers }: Purl): Locked {
  const [host = '', ...path] = (qualifiers.repository_url ?? '').replace(/^https?:\/\//, '').split('/')
  const last = name.slice(name.lastIndexOf('/') + 1)
  const full =
    type === 'docker'
      ? name.includes('/')
        ? name
        : `library/${name}`
      : path.length === 0
        ? last
        : path.at(-1) === last
          ? path.join('/')
          : [...path, last].join('/')
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(version ?? '') ?? []
  return locked(at, {
    ecosystem: 'oci',
    name: full,
    version: version ?? qualifiers.tag,
    url: host === '' ? undefined : `https://${host}/v2/${full}`,
    source: host === '' ? 'registry' : 'url',
    digests: hex === undefined ? [] : ofFileIf({ sha256: hex }),
    markers: qualifiers.arch,
  })
}

/** With its scheme; bills of materials leave it out. */
function addressOf(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || /^(?:NOASSERTION|NONE)$/.test(text)) return undefined
  if (/^https?:\/\//.test(text)) return text
  return /^[\w.-]+\.[a-z]{2,}(?:[:/].*)?$/i.test(text) ? `https://${text}` : undefined
}
