// Images that must be signed: with real keys, in cosign's formats, against what somebody without the key could try.

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import { oci } from '../../../src/ecosystems/oci/index.ts'
import { type FakeSigstore, fakeSigstore, type Signing, signedAt } from '../../builders/sigstore.ts'
import { verified } from '../../builders/verify.ts'
import { folder } from '../../clients/place.ts'
import { put, type Shelf, shelf, tag } from '../../replica/oci.ts'
import { artifact, describe as described, type Image, image, index, type Made, made, types } from './builders.ts'
import { harbour, orchard } from './mirror.ts'

interface Pair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const pairs: Readonly<Record<string, () => Pair>> = {
  'ECDSA P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'RSA 2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  Ed25519: () => generateKeyPairSync('ed25519'),
}

const signed = (bytes: Uint8Array, { privateKey }: Pair): string =>
  sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, privateKey).toString('base64')

const payloadOf = (digest: string) => ({
  critical: {
    identity: { 'docker-reference': 'registry.example.org/org/orchard' },
    image: { 'docker-manifest-digest': digest },
    type: 'cosign container image signature',
  },
  optional: null,
})

/** An image of one layer, which says in its annotations who signed it. */
function annotated(payload: Made, annotations: Readonly<Record<string, string>>): Image {
  const config = made('{}', types.config)
  const manifest = made(
    {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: described(config),
      layers: [described(payload, { annotations })],
    },
    types.manifest,
  )
  return { manifest, blobs: [config, payload] }
}

/** What stands under `sha256-….sig`. */
function signature(digest: string, pair: Pair): Image {
  const payload = made(payloadOf(digest), 'application/vnd.dev.cosign.simplesigning.v1+json')
  return annotated(payload, { 'dev.cosignproject.cosign/signature': signed(payload.bytes, pair) })
}

function envelope(digest: string, predicateType: string, pair: Pair) {
  const [, hex] = digest.split(':')
  const statement = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'orchard', digest: { sha256: hex } }],
      predicateType,
      predicate: {},
    }),
  )
  const type = 'application/vnd.in-toto+json'
  const encoded = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${statement.length} `), statement])
  return { payloadType: type, payload: statement.toString('base64'), signatures: [{ sig: signed(encoded, pair) }] }
}

const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const bundle = (subject: Made, predicateType: string, pair: Pair): Image =>
  artifact(subject, bundleType, {
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: 'x' } },
    dsseEnvelope: envelope(subject.digest, predicateType, pair),
  })

/** What stands under `sha256-….sig` when somebody signed without a key: certificate and log entry as annotations. */
function keylessSignature(digest: string, fake: FakeSigstore, signing: Signing = {}): Image {
  const payload = made(payloadOf(digest), 'application/vnd.dev.cosign.simplesigning.v1+json')
  const { verificationMaterial, messageSignature } = fake.message(payload.bytes, signing)
  const [entry] = verificationMaterial.tlogEntries
  const annotations = {
    'dev.cosignproject.cosign/signature': messageSignature.signature,
    'dev.sigstore.cosign/certificate': `-----BEGIN CERTIFICATE-----\n${verificationMaterial.certificate.rawBytes}\n-----END CERTIFICATE-----\n`,
    'dev.sigstore.cosign/bundle': JSON.stringify({
      SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
      Payload: {
        body: entry.canonicalizedBody,
        integratedTime: Number(entry.integratedTime),
        logIndex: Number(entry.logIndex),
        logID: Buffer.from(entry.logId.keyId, 'base64').toString('hex'),
      },
    }),
  }
  return annotated(payload, annotations)
}

const attachedTag = ({ digest }: Made, kind: string): string => `${digest.replace(':', '-')}${kind}`

function attach(held: Shelf, to: Made, kind: string, what: Image): void {
  put(held, what)
  tag(held, attachedTag(to, kind), what.manifest)
}

interface Recorded {
  readonly tags: Readonly<Record<string, string>>
  readonly manifests: readonly string[]
  readonly blobs: readonly string[]
}

/** What cosign 2.6 wrote with a key that was made for it, in the ways that it has. */
const recorded = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../fixtures/oci/cosign.json'), 'utf8')) as {
  readonly key: string
  readonly image: string
  readonly signed: Readonly<Record<string, Recorded>>
}

const provenance = 'https://slsa.dev/provenance/v1'
const latest = '/org/orchard/manifests/latest'

describe('images that must be signed', () => {
  let ours: Pair
  let theirs: Pair
  before(() => {
    ours = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  })

  async function guarded(t: TestContext, more: { own?: object; pair?: Pair; referrers?: true } = {}) {
    const images = await orchard()
    const { own = {}, pair = ours, referrers } = more
    const file = path.join(folder(t), 'cosign.pub')
    writeFileSync(file, pair.publicKey.export({ type: 'spki', format: 'pem' }))
    const { at, up } = await harbour(
      t,
      { 'org/orchard': images.shelf, 'free/orchard': images.shelf },
      referrers === undefined ? {} : { referrers },
      { settings: { keyrings: [file] }, own: { signed: ['org/**'], ...own } },
    )
    return { at, up, ...images }
  }

  for (const [kind, make] of Object.entries(pairs)) {
    it(`are had with all that an index names, when ${kind} signed the index`, async (t) => {
      const pair = make()
      const { at, shelf, orchard: top, x64 } = await guarded(t, { pair })
      attach(shelf, top, '.sig', signature(top.digest, pair))
      await at.get(latest)
      await at.get(`/org/orchard/manifests/${x64.manifest.digest}`)
      const [ref] = at.mirror.catalog.refs.bySha256(top.digest.slice(7))
      assert.equal(ref?.proof, 'signature')
      assert.match(ref?.proven ?? '', /^cosign signature by key sha256:[0-9a-f]{64}$/)
    })
  }

  it('are had by a bundle that refers to them, by question and under the fallback tag', async (t) => {
    for (const referrers of [true, undefined] as const) {
      const { at, shelf, orchard: top } = await guarded(t, referrers ? { referrers } : {})
      const proof = bundle(top, 'https://sigstore.dev/cosign/sign/v1', ours)
      put(shelf, proof)
      if (referrers === undefined)
        tag(shelf, attachedTag(top, ''), index([described(proof.manifest, { artifactType: bundleType })]))
      assert.equal((await at.failure(latest)).code, 'OK')
      assert.equal((await at.failure(`/org/orchard/manifests/${proof.manifest.digest}`)).code, 'OK')
    }
  })

  for (const [how, { tags, manifests, blobs }] of Object.entries(recorded.signed)) {
    it(`are had as cosign itself signs: ${how}`, async (t) => {
      const held = shelf()
      const top = made(recorded.image, types.index)
      tag(held, 'latest', top)
      for (const [name, text] of Object.entries(tags))
        tag(held, name, made(text, text.includes('"manifests"') ? types.index : types.manifest))
      for (const text of manifests) {
        const one = made(text, types.manifest)
        held.manifests.set(one.digest, one)
      }
      for (const text of blobs) {
        const one = made(text, 'application/octet-stream')
        held.blobs.set(one.digest, one)
      }
      const file = path.join(folder(t), 'cosign.pub')
      const attested = how.startsWith('a signature') ? [] : ['https://slsa.dev/provenance/v0.2']
      const guard = (key: string) => {
        writeFileSync(file, key)
        const referrers = Object.keys(tags).length === 0 ? { referrers: true as const } : {}
        return harbour(t, { 'org/orchard': held }, referrers, {
          settings: { keyrings: [file] },
          own: { signed: ['**'], attested },
        })
      }
      assert.deepEqual(await (await guard(recorded.key)).at.failure(latest), { code: 'OK', message: '' })
      const other = theirs.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      assert.equal((await (await guard(other)).at.failure(latest)).code, 'UNKNOWN_KEY')
    })
  }

  it('are refused without a signature, by tag and by digest, and others are not', async (t) => {
    const { at, orchard: top, x64 } = await guarded(t)
    assert.equal((await at.failure(latest)).code, 'NO_SIGNATURE')
    assert.equal((await at.failure(`/org/orchard/manifests/${top.digest}`)).code, 'NO_SIGNATURE')
    assert.equal((await at.failure(`/org/orchard/manifests/${x64.manifest.digest}`)).code, 'NO_SIGNATURE')
    assert.equal((await at.failure('/free/orchard/manifests/latest')).code, 'OK')
    const error: unknown = await at.get(latest).catch((thrown: unknown) => thrown)
    assert.equal(oci.refuse?.(error as never, latest).status, 403)
    // what is held for another name is no way around
    assert.equal((await at.failure(`/org/orchard/manifests/${top.digest}`)).code, 'NO_SIGNATURE')
  })

  it('are refused with a signature of another key, of another image, or that was changed', async (t) => {
    const { at, shelf, orchard: top, x64 } = await guarded(t)
    const good = signature(top.digest, ours)
    const [config, payload] = good.blobs
    const changed = made(payloadOf(top.digest.replace(/.$/, (last) => (last === '0' ? '1' : '0'))), payload?.type ?? '')
    const forged = made(
      good.manifest.bytes.toString().replaceAll(payload?.digest ?? '', changed.digest),
      types.manifest,
    )
    const tries: readonly Image[] = [
      signature(top.digest, theirs),
      signature(x64.manifest.digest, ours),
      { manifest: forged, blobs: [config ?? changed, changed] },
    ]
    for (const one of tries) {
      attach(shelf, top, '.sig', one)
      at.clock.pass(600_000)
      assert.equal((await at.failure(latest)).code, 'UNKNOWN_KEY')
    }
    attach(shelf, top, '.sig', good)
    at.clock.pass(600_000)
    assert.equal((await at.failure(latest)).code, 'OK')
  })

  it('are had by the signature of somebody whom a certificate names and a log has on record', async (t) => {
    const fake = fakeSigstore()
    const images = await orchard()
    const file = path.join(folder(t), 'root.json')
    writeFileSync(file, fake.root)
    const identities = [{ issuer: 'https://login.example.org', subject: 'https://build.example.org/*' }]
    const { at } = await harbour(
      t,
      { 'org/orchard': images.shelf },
      {},
      { settings: { keyrings: [file] }, own: { signed: ['org/**'], identities }, now: signedAt },
    )
    const { orchard: top, shelf } = images
    const strangers = [
      keylessSignature(top.digest, fake, { subject: 'other@example.org' }),
      keylessSignature(top.digest, fakeSigstore()),
      keylessSignature(`sha256:${'0'.repeat(64)}`, fake),
    ]
    for (const one of strangers) {
      attach(shelf, top, '.sig', one)
      at.clock.pass(600_000)
      assert.equal((await at.failure(latest)).code, 'UNKNOWN_KEY')
    }
    attach(shelf, top, '.sig', keylessSignature(top.digest, fake))
    at.clock.pass(600_000)
    assert.deepEqual(await at.failure(latest), { code: 'OK', message: '' })
    const [ref] = at.mirror.catalog.refs.bySha256(top.digest.slice(7))
    assert.match(ref?.proven ?? '', /^cosign signature by https:\/\/build\.example\.org\/one /)
  })

  it('are refused under the tag of a signature, and as a part of an index that is not signed', async (t) => {
    const { at, shelf, x64 } = await guarded(t)
    const evil = image('evil')
    put(shelf, evil)
    tag(shelf, attachedTag(x64.manifest, '.sig'), evil.manifest)
    tag(shelf, attachedTag(x64.manifest, ''), index([described(evil.manifest)]))
    assert.equal((await at.failure(`/org/orchard/manifests/${attachedTag(x64.manifest, '.sig')}`)).code, 'NO_SIGNATURE')
    await at.get(`/org/orchard/manifests/${attachedTag(x64.manifest, '')}`)
    assert.equal((await at.failure(`/org/orchard/manifests/${evil.manifest.digest}`)).code, 'NO_SIGNATURE')
  })

  it('need the attestations that are asked for, signed too', async (t) => {
    const { at, shelf, orchard: top } = await guarded(t, { own: { attested: [provenance] } })
    attach(shelf, top, '.sig', signature(top.digest, ours))
    assert.equal((await at.failure(latest)).code, 'REQUIREMENT')
    for (const [pair, code] of [
      [theirs, 'REQUIREMENT'],
      [ours, 'OK'],
    ] as const) {
      const attested = artifact(
        top,
        'x',
        envelope(top.digest, provenance, pair),
        'application/vnd.dsse.envelope.v1+json',
      )
      attach(shelf, top, '.att', attested)
      at.clock.pass(600_000)
      assert.equal((await at.failure(latest)).code, code)
    }
  })

  it('are held by a sync with the bundles of a list under the fallback tag, which itself nobody signs', async (t) => {
    const { at, shelf, orchard: top } = await guarded(t)
    const proof = bundle(top, 'https://sigstore.dev/cosign/sign/v1', ours)
    put(shelf, proof)
    const list = index([described(proof.manifest, { artifactType: bundleType })])
    tag(shelf, attachedTag(top, ''), list)
    const { codes, items } = await at.sync(['org/orchard:latest'])
    assert.deepEqual(codes, [])
    const held = new Set(items.map((one) => one.path))
    assert.ok(held.has(`/org/orchard/manifests/${attachedTag(top, '')}`))
    assert.ok(held.has(`/org/orchard/manifests/${proof.manifest.digest}`))
    assert.equal((await at.failure(`/org/orchard/manifests/${list.digest}`)).code, 'NO_SIGNATURE')
  })

  it('are held by a sync with their signatures, and proven again offline', async (t) => {
    const { at, shelf, orchard: top } = await guarded(t)
    attach(shelf, top, '.sig', signature(top.digest, ours))
    const { codes, items } = await at.sync(['org/orchard:latest'])
    assert.deepEqual(codes, [])
    assert.ok(items.some((one) => one.path.endsWith('.sig')))
    at.offline = true
    const wrong = (await verified(at)).flatMap(({ path: of, error }) =>
      error === undefined ? [] : [`${of}: ${error.message}`],
    )
    assert.deepEqual(wrong, [])
    assert.equal((await at.failure(latest)).code, 'OK')
    assert.equal((await at.failure(`/org/orchard/manifests/${attachedTag(top, '.sig')}`)).code, 'OK')
  })
})
