// Errors as the protocol words them:
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes

import type { Answer } from '../../contract.ts'
import type { Code, MirrorError } from '../../errors.ts'
import { digestForm, nameForm } from './names.ts'

const worded: Readonly<Partial<Record<Code, string>>> = {
  DENIED: 'DENIED',
  COOLDOWN: 'DENIED',
  REQUIREMENT: 'DENIED',
  METHOD: 'UNSUPPORTED',
  BAD_PATH: 'NAME_INVALID',
  RATE_LIMITED: 'TOOMANYREQUESTS',
  WRONG_DIGEST: 'DIGEST_INVALID',
  WRONG_LENGTH: 'SIZE_INVALID',
  UNREADABLE: 'MANIFEST_INVALID',
  NO_SIGNATURE: 'MANIFEST_UNVERIFIED',
  BAD_SIGNATURE: 'MANIFEST_UNVERIFIED',
  UNKNOWN_KEY: 'MANIFEST_UNVERIFIED',
}

/** What policy wants signed is refused by policy, whoever failed to sign it: clients ask again and again where a gateway is said to fail. */
const unverified: ReadonlySet<Code> = new Set<Code>(['NO_SIGNATURE', 'BAD_SIGNATURE', 'UNKNOWN_KEY'])

/** What is not there, by where it was looked for. */
function lacking(path: string): string {
  if (path.includes('/manifests/')) return 'MANIFEST_UNKNOWN'
  // of a name that is not there some clients would not go on to the list under a tag
  if (path.includes('/referrers/')) return 'UNSUPPORTED'
  return path.includes('/blobs/') ? 'BLOB_UNKNOWN' : 'NAME_UNKNOWN'
}

/** Why no route takes a path; undefined when it is none of the protocol's. */
function invalid(path: string): readonly [code: string, status: number] | undefined {
  if (/\/blobs\/uploads(?:\/|$)/.test(path)) return ['UNSUPPORTED', 405]
  const [, name = '', kind, reference = ''] = /^\/(.+)\/(manifests|blobs|referrers|tags)\/([^/]+)$/.exec(path) ?? []
  if (kind === undefined) return undefined
  if (!nameForm.test(name)) return ['NAME_INVALID', 400]
  if (kind === 'manifests' && !reference.includes(':')) return ['MANIFEST_INVALID', 400]
  return digestForm.test(reference) ? undefined : ['DIGEST_INVALID', 400]
}

export function refuse(error: MirrorError, path: string): Answer {
  const { code, failure, message, hint } = error
  const [named, status] = (code === 'NO_ROUTE' ? invalid(path) : undefined) ?? [
    worded[code] ?? (failure.status === 404 ? lacking(path) : 'UNAVAILABLE'),
    unverified.has(code) ? 403 : failure.status,
  ]
  return {
    status,
    headers: { 'content-type': 'application/json', 'docker-distribution-api-version': 'registry/2.0' },
    body: JSON.stringify({ errors: [{ code: named, message, detail: { reason: code, hint } }] }),
  }
}
