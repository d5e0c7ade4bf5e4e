// Attestations of files: fetched with the file where the page names them, and refused with it where they do not fit.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { pypi } from '../../../src/ecosystems/pypi/index.ts'
import { openTestMirror } from '../../builders/mirror.ts'
import { fakeSigstore, type Signing, signedAt } from '../../builders/sigstore.ts'
import { startUpstream } from '../../fakes/upstream.ts'
import { jsonPage, sha256, wheel } from './builders.ts'

const kit = wheel('kit', '1.0.0')
const provenancePath = `/integrity/kit/1.0.0/${kit.file}/provenance`
const sigstore = fakeSigstore()
const publisher = { kind: 'Google', email: 'one@example.org' }

function provenance(
  { name = kit.file, digest = sha256(kit.bytes) }: { readonly name?: string; readonly digest?: string },
  signing: Signing = {},
  by: object = publisher,
): string {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest } }],
    predicateType: 'https://docs.pypi.org/attestations/publish/v1',
    predicate: null,
  }
  const signer = { subject: publisher.email, issuer: 'https://accounts.google.com', ...signing }
  const { verificationMaterial, dsseEnvelope } = sigstore.envelope(JSON.stringify(statement), signer)
  const attestation = {
    version: 1,
    verification_material: {
      certificate: verificationMaterial.certificate.rawBytes,
      transparency_entries: verificationMaterial.tlogEntries,
    },
    envelope: { statement: dsseEnvelope.payload, signature: dsseEnvelope.signatures[0].sig },
  }
  return JSON.stringify({ version: 1, attestation_bundles: [{ publisher: by, attestations: [attestation] }] })
}

async function mirrorOf(t: TestContext, attested: string | undefined, mode = 'when-present', publishers?: object[]) {
  const up = await startUpstream()
  t.after(() => up.close())
  const folder = await mkdtemp(join(tmpdir(), 'root-'))
  t.after(() => rm(folder, { recursive: true }))
  const root = join(folder, 'root.json')
  await writeFile(root, sigstore.root)
  const listed = {
    file: kit.file,
    url: `/packages/${kit.file}`,
    hashes: { sha256: sha256(kit.bytes) },
    // another path than the mirror's own
    ...(attested === undefined ? {} : { provenance: `${up.url}/attested/${kit.file}.json` }),
  }
  up.set('/simple/kit/', { body: jsonPage('kit', [listed]), type: 'application/vnd.pypi.simple.v1+json' })
  up.set(`/packages/${kit.file}`, { body: kit.bytes })
  if (attested !== undefined) up.set(`/attested/${kit.file}.json`, { body: attested, type: 'application/json' })
  const at = await openTestMirror({
    repositories: [
      {
        ecosystem: 'pypi',
        upstreams: [`${up.url}/simple`],
        options: { attestations: mode, trust_root: root, ...(publishers && { publishers }) },
      },
    ],
    ecosystems: [pypi],
    now: signedAt + 1000,
  })
  t.after(() => at.close())
  return { up, at }
}

const file = `/files/kit/${kit.file}`

describe('attestations', () => {
  it('that fit are carried under an address of ours', async (t) => {
    const body = provenance({})
    const { up, at } = await mirrorOf(t, body)
    const { text } = await at.get('/simple/kit/', { accept: 'application/vnd.pypi.simple.v1+json' })
    assert.equal(JSON.parse(text).files[0].provenance, `http://mirror.test/pypi${provenancePath}`)
    await at.sync(['kit'])
    const ref = at.mirror.catalog.refs.get('pypi', file, '', 0)
    assert.equal(ref?.proof, 'digest')
    at.offline = true
    up.reset()
    assert.equal((await at.get(provenancePath)).text, body)
    assert.equal(up.count(), 0)
  })

  it('prove a file of a publisher that was asked for', async (t) => {
    const { at } = await mirrorOf(t, provenance({}), 'when-present', [
      { packages: 'kit', issuer: 'https://accounts.google.com', subject: '*@example.org' },
    ])
    await at.sync(['kit'])
    const ref = at.mirror.catalog.refs.get('pypi', file, '', 0)
    assert.deepEqual(
      [ref?.proof, ref?.proven],
      ['signature', 'attestation by one@example.org (https://accounts.google.com)'],
    )
  })

  it('of another publisher than was asked for, or none at all, refuse the file', async (t) => {
    const others = [{ packages: 'k*', issuer: 'https://accounts.google.com', subject: 'two@example.org' }]
    const { at } = await mirrorOf(t, provenance({}), 'when-present', others)
    assert.equal((await at.failure(file)).code, 'UNKNOWN_KEY')
    const bare = await mirrorOf(t, undefined, 'when-present', others)
    assert.equal((await bare.at.failure(file)).code, 'NO_SIGNATURE')
  })

  it('may write the name of the file in another way', async (t) => {
    const { at } = await mirrorOf(t, provenance({ name: 'KIT-1.0.0-py3-none-any.whl' }))
    assert.equal((await at.failure(file)).code, 'OK')
  })

  for (const [why, body, expected] of [
    ['they are of another file', provenance({ name: 'kit-2.0.0-py3-none-any.whl' }), 'BAD_SIGNATURE'],
    ['they are of other bytes', provenance({ digest: '0'.repeat(64) }), 'WRONG_DIGEST'],
    ['another than the named publisher signed', provenance({}, { subject: 'two@example.org' }), 'UNKNOWN_KEY'],
    ['another authority certified the signer', provenance({}, { by: fakeSigstore() }), 'UNKNOWN_KEY'],
    ['they are none', '{"version":1}', 'UNREADABLE'],
    ['they are no JSON', 'attested', 'UNREADABLE'],
  ] as const) {
    it(`refuse the file when ${why}`, async (t) => {
      const { at } = await mirrorOf(t, body)
      assert.equal((await at.failure(file)).code, expected)
      assert.equal(at.mirror.catalog.refs.get('pypi', file, '', 0)?.sha256, undefined)
    })
  }

  it('that the page names and upstream lacks refuse the file', async (t) => {
    const { up, at } = await mirrorOf(t, provenance({}))
    up.remove(`/attested/${kit.file}.json`)
    assert.equal((await at.failure(file)).code, 'NO_SIGNATURE')
  })

  it('by a kind of publisher that is not known prove nothing, and are not enough where they are required', async (t) => {
    const unknown = provenance({}, {}, { kind: 'Other', id: 1 })
    const lenient = await mirrorOf(t, unknown)
    assert.equal((await lenient.at.failure(file)).code, 'OK')
    assert.equal(lenient.at.mirror.catalog.refs.get('pypi', file, '', 0)?.proof, 'digest')
    const strict = await mirrorOf(t, unknown, 'required')
    assert.equal((await strict.at.failure(file)).code, 'UNSUPPORTED_KEY')
  })

  it('are missed only where they are required', async (t) => {
    const lenient = await mirrorOf(t, undefined)
    assert.equal((await lenient.at.failure(file)).code, 'OK')
    const strict = await mirrorOf(t, undefined, 'required')
    assert.equal((await strict.at.failure(file)).code, 'NO_SIGNATURE')
  })

  it('are not asked for where they are off', async (t) => {
    const { up, at } = await mirrorOf(t, 'nonsense', 'off')
    assert.equal((await at.failure(file)).code, 'OK')
    assert.equal(up.count(`/attested/${kit.file}.json`), 0)
  })
})
