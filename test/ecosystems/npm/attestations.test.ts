// Attestations of npm packages, by a registry and a Sigstore of the tests' own.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Entry, Trust } from '../../../src/contract.ts'
import type { NpmOptions } from '../../../src/ecosystems/npm/options.ts'
import { MirrorError } from '../../../src/errors.ts'
import { fakeSigstore, type Signing, signedAt } from '../../builders/sigstore.ts'
import { find, makeDoc, makeKey, makeRepo, makeTrust, packument, read, upstream } from './builders.ts'

const sigstore = fakeSigstore()
const registry = makeKey('ours')
const bytes = Buffer.from('the tarball')
const sha512 = createHash('sha512').update(bytes).digest()
const path = '/@acme/kit/-/kit-1.0.0.tgz'
const attestationsPath = '/-/npm/v1/attestations/@acme/kit@1.0.0'
const subject = { name: 'pkg:npm/%40acme/kit@1.0.0', digest: { sha512: sha512.toString('hex') } }
const slsa = 'https://slsa.dev/provenance/v1'
const publishType = 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1'
const workflow = 'https://code.example.org/acme/kit/.github/workflows/release.yml@refs/tags/v1.0.0'

const attested = (predicateType: string, signing: Signing, change: object = {}) => ({
  predicateType,
  bundle: sigstore.envelope(
    JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [subject], predicateType, ...change }),
    signing,
  ),
})
const provenance = (signing: Signing = {}, change: object = {}) =>
  attested(slsa, { subject: workflow, ...signing }, change)
const publication = (key = registry, change: object = {}) =>
  attested(publishType, { key: { hint: 'ours', pair: key.pair } }, change)

interface Case {
  /** What the document lists; there is no document when left out, and it cannot be had when it is an error. */
  readonly attestations?: readonly unknown[] | Error
  readonly options?: Partial<NpmOptions>
  /** Whether the registry has signed the tarball itself. */
  readonly signed?: boolean
  /** Whether the packument tells of attestations. */
  readonly told?: boolean
}

/** The proofs that the check of the tarball finds. */
async function check({ attestations, options = {}, signed = false, told = true }: Case): Promise<readonly string[]> {
  const integrity = `sha512-${sha512.toString('base64')}`
  const dist = {
    integrity,
    tarball: upstream + path,
    ...(told ? { attestations: { url: upstream + attestationsPath } } : {}),
    ...(signed ? { signatures: [registry.sign(`@acme/kit@1.0.0:${integrity}`)] } : {}),
  }
  const [entry] = await read(makeDoc('/@acme/kit', packument('@acme/kit', { '1.0.0': { dist } })))
  const { route, p } = find(path)
  const document: Trust['document'] = async (asked) => {
    assert.equal(asked, attestationsPath)
    if (attestations instanceof Error) throw attestations
    return attestations === undefined ? undefined : makeDoc(asked, { attestations })
  }
  const { trust, proofs } = makeTrust([registry.document], { roots: [sigstore.root], document, now: signedAt })
  await route.check?.(makeDoc(path, bytes), p, makeRepo(options), trust, entry as Entry)
  return proofs
}

const refuses = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => {
    if (error instanceof MirrorError && error.code === code) return true
    throw error
  })

describe('attestations of a tarball', () => {
  it('are proof beside a signature by the registry', async () => {
    assert.deepEqual(await check({ attestations: [publication(), provenance()], signed: true }), [
      `signature by ours, attestation by ours, provenance by ${workflow} (https://login.example.org)`,
    ])
    assert.deepEqual(await check({ attestations: [provenance()], signed: true }), [
      `signature by ours, provenance by ${workflow} (https://login.example.org)`,
    ])
    assert.deepEqual(await check({ attestations: [publication()] }), ['attestation by ours'])
  })

  it('are no proof when only some builder has signed: anybody is one', async () => {
    assert.deepEqual(await check({ attestations: [provenance()] }), [])
  })

  it('are proof when the builder is one that was asked for', async () => {
    const builders = [
      { packages: '@acme/*', issuer: 'https://login.example.org', subject: 'https://code.example.org/acme/**' },
    ]
    assert.deepEqual(await check({ attestations: [provenance()], options: { builders } }), [
      `provenance by ${workflow} (https://login.example.org)`,
    ])
    const others = [
      { packages: '@other/*', issuer: 'https://login.example.org', subject: 'https://other.example.org/**' },
    ]
    assert.deepEqual(await check({ attestations: [provenance()], options: { builders: others } }), [])
  })

  it('may be missing unless they are required', async () => {
    const required = { attestations: 'required' } as const
    for (const none of [
      { told: false },
      {},
      { attestations: [] },
      { attestations: new MirrorError('UPSTREAM_STATUS', 'status 500') },
      { attestations: new MirrorError('UNREADABLE', 'a page of a portal') },
    ]) {
      assert.deepEqual(await check({ ...none, signed: true }), ['signature by ours'])
    }
    await refuses(check({ told: false, signed: true, options: required }), 'NO_SIGNATURE')
    await refuses(check({ options: required }), 'NO_SIGNATURE')
    await refuses(check({ attestations: [publication()], options: required }), 'NO_SIGNATURE')
    await refuses(
      check({ attestations: new MirrorError('UPSTREAM_STATUS', 'status 500'), options: required }),
      'UPSTREAM_STATUS',
    )
    assert.equal((await check({ attestations: [publication(), provenance()], options: required })).length, 1)
  })

  it('are not asked for when switched off', async () => {
    assert.deepEqual(
      await check({ attestations: new Error('asked'), signed: true, options: { attestations: 'off' } }),
      ['signature by ours'],
    )
  })

  it('refuse a builder that was not asked for', async () => {
    for (const builder of [
      { issuer: 'https://login.example.org', subject: 'https://code.example.org/other/**' },
      { issuer: 'https://other.example.org', subject: '**' },
    ]) {
      const builders = [{ packages: '**', ...builder }]
      await refuses(check({ attestations: [publication(), provenance()], options: { builders } }), 'UNKNOWN_KEY')
    }
    const builders = [{ packages: '**', issuer: 'https://login.example.org', subject: '**' }]
    await refuses(check({ attestations: [publication()], options: { builders } }), 'NO_SIGNATURE')
    await refuses(check({ told: false, signed: true, options: { builders } }), 'NO_SIGNATURE')
  })

  it('prove nothing by keys and authorities that are not known', async () => {
    const strangers = [
      attested(publishType, { key: { hint: 'theirs', pair: makeKey('theirs').pair } }),
      provenance({ by: fakeSigstore() }),
    ]
    assert.deepEqual(await check({ attestations: strangers, signed: true }), ['signature by ours'])
    await refuses(
      check({ attestations: strangers, signed: true, options: { attestations: 'required' } }),
      'NO_SIGNATURE',
    )
  })

  for (const [why, code, attestation] of [
    [
      'they speak of another version',
      'BAD_SIGNATURE',
      provenance({}, { subject: [{ ...subject, name: 'pkg:npm/%40acme/kit@1.0.1' }] }),
    ],
    [
      'they speak of another package',
      'BAD_SIGNATURE',
      publication(registry, { subject: [{ ...subject, name: 'pkg:npm/kit@1.0.0' }] }),
    ],
    [
      'they speak of other bytes',
      'WRONG_DIGEST',
      provenance({}, { subject: [{ ...subject, digest: { sha512: 'ab'.repeat(64) } }] }),
    ],
    [
      'they state no sound digest',
      'WEAK_DIGEST',
      provenance({}, { subject: [{ ...subject, digest: { sha1: 'ab'.repeat(20) } }] }),
    ],
    ['they speak of two packages', 'BAD_FRAMING', provenance({}, { subject: [subject, subject] })],
    ['another key signed as the registry', 'BAD_SIGNATURE', publication(makeKey('ours'))],
    ['the certificate had expired', 'EXPIRED_KEY', provenance({ to: -1 })],
    ['the bundle is none', 'BAD_FRAMING', { predicateType: slsa, bundle: {} }],
    ['it is no attestation', 'BAD_FRAMING', null],
  ] as const) {
    it(`refuse it when ${why}`, async () => {
      await refuses(check({ attestations: [publication(), attestation], signed: true }), code)
    })
  }

  it('are refused when there are very many', async () => {
    const many = Array(17).fill(publication())
    assert.deepEqual(await check({ attestations: many, signed: true }).catch((error) => error.code), 'UNREADABLE')
  })
})

describe('a document of attestations', () => {
  const at = async (asked: string, content: object, options: Partial<NpmOptions> = {}) => {
    const { route, p } = find(asked)
    const { trust } = makeTrust([registry.document], { roots: [sigstore.root], now: signedAt })
    await route.check?.(makeDoc(asked, content), p, makeRepo(options), trust, {})
  }
  const both = () => ({ attestations: [publication(), provenance()] })

  it('is good for its own version, and for no other', async () => {
    await at(attestationsPath, both())
    await refuses(at('/-/npm/v1/attestations/@acme/kit@1.0.1', both()), 'BAD_SIGNATURE')
    await refuses(at('/-/npm/v1/attestations/kit@1.0.0', both()), 'BAD_SIGNATURE')
  })

  it('is refused when either signature in it was changed', async () => {
    for (const index of [0, 1]) {
      const document = structuredClone(both()) as {
        attestations: { bundle: { dsseEnvelope: { signatures: { sig: string }[] } } }[]
      }
      const signature = document.attestations[index]?.bundle.dsseEnvelope.signatures[0]
      assert.ok(signature !== undefined)
      const changed = Buffer.from(signature.sig, 'base64')
      changed.writeUInt8(changed.readUInt8(40) ^ 1, 40)
      signature.sig = changed.toString('base64')
      await refuses(at(attestationsPath, document), 'BAD_SIGNATURE')
      await at(attestationsPath, document, { attestations: 'off' })
    }
  })

  it('is refused when it lists none', async () => {
    for (const content of [{}, { attestations: {} }, { attestations: null }])
      await refuses(at(attestationsPath, content), 'UNREADABLE')
    await at(attestationsPath, { attestations: [] })
  })
})
