// How an image is asked for: `library/alpine:3.22`, `org/app:^1.4 || latest`, `org/app@sha256:…`, `org/app:1.4@sha256:…`.

import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { ociVersions } from '../../versions/oci.ts'
import { digestForm, digestsOf, nameForm } from './names.ts'
import type { OciOptions } from './options.ts'

const bad = (text: string, why: string): MirrorError =>
  new MirrorError('CONFIG', `${JSON.stringify(text.slice(0, 200))} is no image: ${why.slice(0, 300)}`, {
    hint: 'Write NAME, NAME:TAG, NAME:RANGE or NAME@sha256:…, such as "library/alpine:3.22" or "org/app:^1.4 || latest".',
  })

/** `alpine` as the registry knows it. */
export const fullName = (name: string, { official }: OciOptions): string =>
  official === undefined || name.includes('/') ? name : `${official}/${name}`

/** One line of a package list; throws CONFIG. */
export function want(text: string, repo: Repo<OciOptions>): Omit<Selector, 'from'> {
  const trimmed = text.trim()
  const at = trimmed.indexOf('@')
  const digest = at === -1 ? undefined : trimmed.slice(at + 1)
  const reference = at === -1 ? trimmed : trimmed.slice(0, at)
  const colon = reference.indexOf(':')
  const short = colon === -1 ? reference : reference.slice(0, colon)
  const range = colon === -1 ? undefined : reference.slice(colon + 1).trim()
  if (short === '*') throw bad(text, 'registries have no list of their images; name them')
  if (/^(?:[^/]*[.:][^/]*|localhost)\//.test(trimmed))
    throw bad(text, 'it names a registry; leave out its host, and say which repository mirrors it')
  const name = fullName(short, repo.options)
  if (!nameForm.test(name)) throw bad(text, 'a name has small letters, digits, and single . _ - / between them')
  if (digest !== undefined && !digestForm.test(digest)) throw bad(text, 'a digest is sha256: and 64 small hex digits')
  const fault = range === undefined ? undefined : ociVersions.fault(range)
  if (fault !== undefined) throw bad(text, fault)
  if (digest !== undefined && range === undefined) return { name, range: digest }
  return {
    name,
    ...(range === undefined ? {} : { range }),
    ...(digest === undefined ? {} : { digests: [digestsOf(digest)] }),
  }
}
