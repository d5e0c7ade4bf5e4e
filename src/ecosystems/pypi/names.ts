// Names of projects and of their files, and the paths made of them.
// https://packaging.python.org/en/latest/specifications/name-normalization/, …/binary-distribution-format/#file-name-convention,
// …/source-distribution-format/#source-distribution-file-name

import { normalVersion } from '../../versions/pep440.ts'

/** A normalised name; the length is more than twice what the public index allows. */
export const project = /^(?=.{1,200}$)[a-z0-9]+(?:-[a-z0-9]+)*$/
/** A name as people write it. */
export const anyProject = /^(?=.{1,200}$)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/

export const normalName = (text: string): string => text.toLowerCase().replace(/[-_.]+/g, '-')

export interface FileName {
  readonly kind: 'wheel' | 'sdist'
  /** In its normal form. */
  readonly version: string
  /** Of a wheel: its three tag sets. */
  readonly tags?: readonly [python: string, abi: string, platform: string]
}

const sdistEnds = ['.tar.gz', '.zip', '.tar.bz2', '.tgz', '.tar.xz', '.tar']
/** No file of an index has another character in its name; `~` and `(` were never allowed. */
const plain = /^[A-Za-z0-9][A-Za-z0-9._+!-]{0,249}$/

/**
 * What the name of a file says; undefined for what is no wheel and no source distribution of this project, or has no
 * version: no client of today would take it, and no rule could judge it.
 */
export function readFileName(file: string, name: string): FileName | undefined {
  if (!plain.test(file)) return undefined
  if (file.endsWith('.whl')) return readWheel(file.slice(0, -'.whl'.length), name)
  const end = sdistEnds.find((one) => file.endsWith(one))
  if (end === undefined) return undefined
  const version = versionAfter(file.slice(0, -end.length), name)
  return version === undefined ? undefined : { kind: 'sdist', version }
}

function readWheel(stem: string, name: string): FileName | undefined {
  const parts = stem.split('-')
  if (parts.length < 5 || parts.length > 6) return undefined
  const [written = '', text = ''] = parts
  const [python = '', abi = '', platform = ''] = parts.slice(-3)
  if (normalName(written) !== name || (parts.length === 6 && !/^\d/.test(parts[2] ?? ''))) return undefined
  const version = normalVersion(text.replaceAll('_', '-'))
  return version === undefined ? undefined : { kind: 'wheel', version, tags: [python, abi, platform] }
}

/** A hyphen may stand in the name, too: the first one after which the rest is a version and before which it is the name. */
function versionAfter(stem: string, name: string): string | undefined {
  for (let at = stem.indexOf('-'); at !== -1; at = stem.indexOf('-', at + 1)) {
    if (normalName(stem.slice(0, at)) !== name) continue
    const version = normalVersion(stem.slice(at + 1))
    if (version !== undefined) return version
  }
  return undefined
}

/** The project that a file's name names, for addresses that do not say it. */
export function projectOf(file: string): string | undefined {
  const stem = file.endsWith('.whl') ? file.split('-')[0] : /^(.{1,200}?)-v?\d/.exec(file)?.[1]
  const name = stem === undefined ? undefined : normalName(stem)
  return name !== undefined && project.test(name) ? name : undefined
}

export const pagePath = (name: string): string => `/simple/${name}/`
export const filePath = (name: string, file: string): string => `/files/${name}/${file}`
/** The name of the file at such a path. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
/** Upstream's own metadata file of a wheel. */
export const metadataPath = (name: string, file: string): string => `/-/metadata/${name}/${file}`
/** What upstream's older JSON interface says of a project. */
export const detailPath = (name: string): string => `/-/json/${name}`
/** Every name that upstream has. */
export const namesPath = '/-/names'
export const provenancePath = (name: string, version: string, file: string): string =>
  `/integrity/${name}/${version}/${file}/provenance`

const older = /^\/packages\/(?:[^/]+\/)+([^/]+)$/

/**
 * The one spelling of a path: names normalised, a slash behind a page's, and the places where clients look for what is
 * elsewhere here: files where the public index has them, and JSON beside a page.
 */
export function spelling(path: string): string {
  const [, first = '', second = '', rest = ''] = /^\/([^/]+)(?:\/([^/]+)(\/.*)?|\/)?$/.exec(path) ?? []
  const packages = older.exec(path)
  if (packages !== null) return packagesPath(path, packages[1] ?? '')
  if (first === 'simple' && second === '') return '/simple/'
  if (path === '/simple/index.html') return path
  if ((first === 'simple' || first === 'pypi') && rest === '/json') return `/pypi/${named(second)}/json`
  if (first === 'simple' && rest === '/') return pagePath(named(second))
  if (first === 'pypi' && rest.endsWith('/json')) return `/pypi/${named(second)}${rest}`
  if (['files', 'integrity', 'simple'].includes(first) && second !== '') return `/${first}/${named(second)}${rest}`
  if (first !== '-' && second === 'json' && rest === '') return `/pypi/${named(first)}/json`
  if (second === '' && path.endsWith('/')) return `/${named(first)}/`
  return path
}

const named = (text: string): string => (anyProject.test(text) ? normalName(text) : text)

/** `/packages/ab/cd/…/kit-1.0-py3-none-any.whl`, and the same with `.metadata` behind it. */
function packagesPath(path: string, file: string): string {
  const name = projectOf(file)
  return name === undefined ? path : filePath(name, file)
}
