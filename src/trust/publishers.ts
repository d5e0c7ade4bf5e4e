// Trusted publishers of a Python index: what an index says of the publisher, held against what the certificate says of the
// signer. A publisher does not know the commit or reference that it will run on, so these are taken from the certificate.
// https://docs.pypi.org/trusted-publishers/, https://docs.pypi.org/attestations/security-model/

import { MirrorError } from '../errors.ts'
import { type Certified, nameOf, type Verified } from './sigstore.ts'

type Publisher = Readonly<Record<string, unknown>>

/** Whether a certificate is one of a publisher, by the publisher's kind. */
const kinds: Readonly<Record<string, (publisher: Publisher, signer: Certified) => boolean>> = {
  GitHub: (publisher, signer) =>
    builtBy(signer, {
      issuer: 'https://token.actions.githubusercontent.com',
      repository: `https://github.com/${text(publisher.repository)}`,
      config: `/.github/workflows/${text(publisher.workflow)}`,
    }),
  GitLab: (publisher, signer) =>
    builtBy(signer, {
      issuer: 'https://gitlab.com',
      repository: `https://gitlab.com/${text(publisher.repository)}`,
      config: `//${text(publisher.workflow_filepath)}`,
    }),
  Google: (publisher, { issuer, subject }) =>
    issuer === 'https://accounts.google.com' && subject === text(publisher.email),
  CircleCI: (publisher, { issuer, claims }) =>
    issuer === 'https://oidc.circleci.com' &&
    claims.get('buildSignerUri') ===
      `https://circleci.com/api/v2/projects/${text(publisher.project_id)}/pipeline-definitions/${text(publisher.pipeline_definition_id)}` &&
    same(publisher.vcs_origin, claims.get('sourceRepositoryUri')) &&
    same(publisher.vcs_ref, claims.get('sourceRepositoryRef')),
}

interface Build {
  readonly issuer: string
  readonly repository: string
  /** Path of the build's configuration, behind the repository. */
  readonly config: string
}

/** The address of the configuration ends in the reference or the commit that it was read at. */
function builtBy({ issuer, claims }: Certified, build: Build): boolean {
  const ends = [claims.get('sourceRepositoryDigest'), claims.get('sourceRepositoryRef')]
  return (
    issuer === build.issuer &&
    claims.get('sourceRepositoryUri') === build.repository &&
    ends.some(
      (end) => end !== undefined && claims.get('buildConfigUri') === `${build.repository}${build.config}@${end}`,
    )
  )
}

function text(claim: unknown): string {
  if (typeof claim === 'string' && claim !== '') return claim
  throw new MirrorError('BAD_FRAMING', 'The provenance names a publisher without what identifies it.')
}

/** An optional claim of a publisher: what it leaves out is not looked at. */
const same = (claim: unknown, certified: string | undefined): boolean =>
  claim === undefined || claim === null || claim === certified

/** Throws UNKNOWN_KEY when the signer is not that publisher, UNSUPPORTED_KEY for a kind of publisher that is not known. */
export function mustBePublisher(publisher: unknown, signer: Verified['signer']): void {
  const named: Publisher = typeof publisher === 'object' && publisher !== null ? { ...publisher } : {}
  const kind = text(named.kind)
  const fits = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (fits === undefined) {
    throw new MirrorError(
      'UNSUPPORTED_KEY',
      `Publishers of the kind ${JSON.stringify(kind.slice(0, 64))} are not known.`,
    )
  }
  if (!('keyId' in signer) && fits(named, signer)) return
  throw new MirrorError('UNKNOWN_KEY', `It is signed by ${nameOf(signer)}, which is not the publisher that is named.`, {
    hint: 'The index and the certificate disagree about who published it; ask the project.',
  })
}
