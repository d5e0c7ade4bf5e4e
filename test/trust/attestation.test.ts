// Attestations of Python packages: recorded provenance objects of every kind of publisher, and broken ones.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { verifyProvenance } from '../../src/trust/attestation.ts'
import { shippedKeyring } from '../../src/trust/keyring.ts'
import { nameOf } from '../../src/trust/sigstore.ts'
import { readTrustRoot } from '../../src/trust/trust-root.ts'
import { type BundleJson, fakeSigstore, keyPair, type Signing, signedAt } from '../builders/sigstore.ts'
import { code, fixture } from './builders.ts'

const shipped = await readTrustRoot((await shippedKeyring('sigstore')) ?? Buffer.of())
const recorded = async (name: string): Promise<BundleJson> =>
  JSON.parse(Buffer.from(await fixture(`sigstore/${name}`)).toString())
const today = Date.UTC(2026, 11, 1)
const of = (name: string, sha256: string) => ({ sha256, named: (subject: string) => subject === name })

const sdist = 'pypi_attestations-0.0.19.tar.gz'
const sdistDigest = '9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3'
const gitHub = { kind: 'GitHub', repository: 'trailofbits/pypi-attestations', workflow: 'release.yml' }
const gitLab = { kind: 'GitLab', repository: 'facutuesca/gitlab-oidc-project', workflow_filepath: '.gitlab-ci.yml' }

const provenanceOf = (publisher: unknown, ...attestations: readonly unknown[]): BundleJson => ({
  version: 1,
  attestation_bundles: [{ publisher, attestations }],
})

describe('a recorded provenance', () => {
  test('by GitHub is good for its file, and for no other', async () => {
    const provenance = await recorded('github.provenance')
    const found = await verifyProvenance(provenance, of(sdist, sdistDigest), { root: shipped, now: today })
    assert.deepEqual(
      found.map(({ signer, signedAt: at, predicateType }) => [
        nameOf(signer),
        new Date(at).toISOString(),
        predicateType,
      ]),
      [
        [
          'https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19 (https://token.actions.githubusercontent.com)',
          '2024-12-04T23:14:01.000Z',
          'https://docs.pypi.org/attestations/publish/v1',
        ],
      ],
    )
    const now = { root: shipped, now: today }
    await assert.rejects(verifyProvenance(provenance, of('other-1.tar.gz', sdistDigest), now), code('BAD_SIGNATURE'))
    await assert.rejects(verifyProvenance(provenance, of(sdist, '0'.repeat(64)), now), code('WRONG_DIGEST'))
  })

  test('is good by other publishers', async () => {
    for (const [provenance, name, sha256] of [
      [
        await recorded('circleci.provenance'),
        'circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl',
        '8cb34da1e27336f11a2c43f3f9c7433bd76f24f470c904724f06ad7f131d9e9f',
      ],
      [
        await recorded('google.provenance'),
        'gcb_attestation_test-0.0.0.tar.gz',
        '461317362419124b6012e855423a9078d6de8aed3e74fa78cc74d669b23dc6cf',
      ],
      [
        provenanceOf(gitLab, await recorded('gitlab.attestation')),
        'gitlab_oidc_project-0.0.3.tar.gz',
        'c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8',
      ],
      [provenanceOf(gitHub, await recorded('slsa.attestation')), sdist, sdistDigest],
    ] as const) {
      const found = await verifyProvenance(provenance, of(name, sha256), { root: shipped, now: today })
      assert.equal(found.length, 1)
    }
  })

  test('is refused when the index names another publisher', async () => {
    const files = { gitHub: 'slsa.attestation', gitLab: 'gitlab.attestation' }
    const digests = {
      gitHub: [sdist, sdistDigest],
      gitLab: ['gitlab_oidc_project-0.0.3.tar.gz', 'c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8'],
    } as const
    for (const [by, publisher] of [
      ['gitHub', { ...gitHub, repository: 'trailofbits/pypi-attestation' }],
      ['gitHub', { ...gitHub, workflow: 'ci.yml' }],
      ['gitHub', { ...gitHub, workflow: 'release.yml@refs/tags/v0.0.19' }],
      ['gitHub', { ...gitHub, kind: 'GitLab', workflow_filepath: '.github/workflows/release.yml' }],
      ['gitHub', { kind: 'Google', email: 'someone@example.org' }],
      ['gitHub', { kind: 'CircleCI', project_id: 'one', pipeline_definition_id: 'two' }],
      ['gitLab', { ...gitLab, workflow_filepath: 'other.yml' }],
      ['gitLab', { ...gitLab, repository: 'facutuesca' }],
    ] as const) {
      const provenance = provenanceOf(publisher, await recorded(files[by]))
      const [name, digest] = digests[by]
      await assert.rejects(
        verifyProvenance(provenance, of(name, digest), { root: shipped, now: today }),
        code('UNKNOWN_KEY'),
        JSON.stringify(publisher),
      )
    }
  })

  test('is refused when the publisher is of no known kind, or not identified', async () => {
    for (const [publisher, expected] of [
      [{ ...gitHub, kind: 'Other' }, 'UNSUPPORTED_KEY'],
      [{ ...gitHub, kind: '__proto__' }, 'UNSUPPORTED_KEY'],
      [{ ...gitHub, kind: undefined }, 'BAD_FRAMING'],
      [{ ...gitHub, repository: '' }, 'BAD_FRAMING'],
      [{ ...gitHub, workflow: 1 }, 'BAD_FRAMING'],
      [undefined, 'BAD_FRAMING'],
      ['GitHub', 'BAD_FRAMING'],
    ] as const) {
      const provenance = provenanceOf(publisher, await recorded('slsa.attestation'))
      const verified = verifyProvenance(provenance, of(sdist, sdistDigest), { root: shipped, now: today })
      await assert.rejects(verified, code(expected))
    }
  })
})

describe('a provenance', () => {
  const fake = fakeSigstore()
  const digest = 'ab'.repeat(32)
  const subject = { name: 'kettle-1.0.tar.gz', digest: { sha256: digest } }
  const publish = 'https://docs.pypi.org/attestations/publish/v1'
  const google = { kind: 'Google', email: 'one@example.org' }
  const byGoogle: Signing = { subject: google.email, issuer: 'https://accounts.google.com' }
  const statement = (change: object = {}) =>
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [subject],
      predicateType: publish,
      predicate: null,
      ...change,
    })

  /** A bundle in the spelling of PEP 740. */
  const attested = (payload: string, signing: Signing & { readonly type?: string } = {}): BundleJson => {
    const { verificationMaterial: material, dsseEnvelope } = fake.envelope(payload, { ...byGoogle, ...signing })
    return {
      version: 1,
      verification_material: {
        certificate: material.certificate.rawBytes,
        transparency_entries: material.tlogEntries,
      },
      envelope: { statement: dsseEnvelope.payload, signature: dsseEnvelope.signatures[0].sig },
    }
  }
  const verify = async (provenance: unknown) =>
    verifyProvenance(provenance, of(subject.name, digest), {
      root: await readTrustRoot(fake.root),
      now: signedAt,
    })

  test('is good when all its attestations are', async () => {
    const slsa = attested(statement({ predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }))
    const found = await verify(provenanceOf(google, attested(statement()), slsa))
    assert.deepEqual(
      found.map(({ predicateType }) => predicateType),
      [publish, 'https://slsa.dev/provenance/v1'],
    )
    const bad = attested(statement(), { subject: 'two@example.org' })
    await assert.rejects(verify(provenanceOf(google, attested(statement()), bad)), code('UNKNOWN_KEY'))
  })

  for (const [why, expected, attestation] of [
    ['it speaks of two files', 'BAD_FRAMING', attested(statement({ subject: [subject, subject] }))],
    ['it speaks of no file', 'BAD_FRAMING', attested(statement({ subject: [] }))],
    ['it speaks of another file', 'BAD_SIGNATURE', attested(statement({ subject: [{ ...subject, name: 'other' }] }))],
    [
      'it states another digest',
      'WRONG_DIGEST',
      attested(statement({ subject: [{ ...subject, digest: { sha256: 'c' } }] })),
    ],
    [
      'it states no such digest',
      'WRONG_DIGEST',
      attested(statement({ subject: [{ ...subject, digest: { sha512: digest } }] })),
    ],
    ['it is of an unknown type', 'BAD_FRAMING', attested(statement({ predicateType: 'https://example.org/other' }))],
    [
      'its statement is of another version',
      'BAD_FRAMING',
      attested(statement({ _type: 'https://in-toto.io/Statement/v2' })),
    ],
    ['its statement is not JSON', 'BAD_FRAMING', attested('not json')],
    ['its payload was signed as another type', 'BAD_SIGNATURE', attested(statement(), { type: 'text/plain' })],
    ['its publisher was another', 'UNKNOWN_KEY', attested(statement(), { subject: 'two@example.org' })],
    [
      'another provider vouches for its publisher',
      'UNKNOWN_KEY',
      attested(statement(), { issuer: 'https://other.example.org' }),
    ],
    ['its certificate had expired', 'EXPIRED_KEY', attested(statement(), { to: -1 })],
    ['another authority certified it', 'UNKNOWN_KEY', attested(statement(), { by: fakeSigstore() })],
    ['it is of another version', 'BAD_FRAMING', { ...attested(statement()), version: 2 }],
    ['it has no envelope', 'BAD_FRAMING', { ...attested(statement()), envelope: undefined }],
    ['it is nothing', 'BAD_FRAMING', null],
  ] as const) {
    test(`is refused when ${why}`, () => assert.rejects(verify(provenanceOf(google, attestation)), code(expected)))
  }

  test('is refused when a certificate is another that the publisher got', async () => {
    const attestation = attested(statement())
    attestation.verification_material.certificate = fake.certify(keyPair(), byGoogle).toString('base64')
    await assert.rejects(verify(provenanceOf(google, attestation)), code('BAD_SIGNATURE'))
  })

  test('is refused when it is none, is empty, or holds very much', async () => {
    const one = attested(statement())
    for (const provenance of [
      null,
      [],
      'text',
      {},
      { version: 2, attestation_bundles: [{ publisher: google, attestations: [one] }] },
      { version: 1, attestation_bundles: [] },
      { version: 1, attestation_bundles: [{ publisher: google, attestations: [] }] },
      { version: 1, attestation_bundles: [{ publisher: google }] },
      { version: 1, attestation_bundles: [null] },
      provenanceOf(google, ...Array(65).fill(one)),
    ]) {
      await assert.rejects(verify(provenance), code('BAD_FRAMING'))
    }
  })
})
