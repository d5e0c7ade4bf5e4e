// The real declaration of npm under the engine, over a registry that attests: what the proof of a tarball rests on.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ecosystems } from '../../src/ecosystems/index.ts'
import { day, openTestMirror, type TestMirror } from '../builders/mirror.ts'
import { type BundleJson, fakeSigstore, signedAt } from '../builders/sigstore.ts'
import { verified } from '../builders/verify.ts'
import { makeKey, packument } from '../ecosystems/npm/builders.ts'
import { file, startUpstream, status, text, type Upstream } from '../fakes/upstream.ts'

const sigstore = fakeSigstore()
const registry = makeKey('ours')
const bytes = Buffer.from('the tarball')
const sha512 = createHash('sha512').update(bytes).digest()
const tarball = '/@acme/kit/-/kit-1.0.0.tgz'
const attestations = '/-/npm/v1/attestations/@acme/kit@1.0.0'

function documentOf(): BundleJson {
  const payload = JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'pkg:npm/%40acme/kit@1.0.0', digest: { sha512: sha512.toString('hex') } }],
    predicateType: 'https://slsa.dev/provenance/v1',
  })
  return {
    attestations: [
      { bundle: sigstore.envelope(payload, { key: { hint: 'ours', pair: registry.pair } }) },
      { bundle: sigstore.envelope(payload) },
    ],
  }
}

async function registryOf(t: TestContext): Promise<{ up: Upstream; at: TestMirror }> {
  const up = await startUpstream()
  t.after(() => up.close())
  const dist = {
    integrity: `sha512-${sha512.toString('base64')}`,
    tarball: up.url + tarball,
    attestations: { url: 'x' },
  }
  const time = { '1.0.0': new Date(signedAt).toISOString() }
  up.set('/@acme/kit', text(JSON.stringify(packument('@acme/kit', { '1.0.0': { dist } }, { time }))))
  up.set(tarball, file(bytes, { etag: true }))
  const repository = { ecosystem: 'npm', upstreams: [up.url] }
  const empty = await openTestMirror({ repositories: [repository], ecosystems, now: signedAt + day })
  const keyrings = ['keys.json', 'root.json'].map((name) => join(empty.data, name))
  for (const [index, content] of [registry.document, sigstore.root].entries()) {
    await writeFile(keyrings[index] ?? '', content)
  }
  const at = await empty.reopen({ repositories: [{ ...repository, keyrings }] })
  t.after(() => at.close())
  return { up, at }
}

/** Under the name that upstream has for it. */
const attest = (up: Upstream, document: BundleJson) =>
  up.set(attestations.replace('@acme/', '@acme%2f'), text(JSON.stringify(document), { etag: true }))

const proofOf = (at: TestMirror) => {
  const ref = [...at.mirror.catalog.refs.scan('npm')].find(({ path }) => path === tarball)
  return ref?.sha256 === undefined ? undefined : [ref.proof, ref.proven]
}

test('a tarball is proven by its attestations, which are held with it', async (t) => {
  const { up, at } = await registryOf(t)
  attest(up, documentOf())
  assert.equal((await at.get(tarball)).text, 'the tarball')
  assert.deepEqual(proofOf(at), [
    'signature',
    'attestation by ours, provenance by https://build.example.org/one (https://login.example.org)',
  ])
  at.offline = true
  assert.deepEqual(JSON.parse((await at.get(attestations)).text).attestations.length, 2)
  const proofs = (await verified(at)).map(({ path, proof, error }) => `${path} ${error?.code ?? proof}`)
  assert.deepEqual(proofs.sort(), [`${attestations} signature`, '/@acme/kit first-seen', `${tarball} signature`].sort())
})

test('a tarball with a bad attestation is refused, and neither is kept', async (t) => {
  const { up, at } = await registryOf(t)
  const document = documentOf()
  const [, { bundle }] = document.attestations
  bundle.dsseEnvelope.payload = Buffer.from('{}').toString('base64')
  attest(up, document)
  assert.equal((await at.failure(tarball)).code, 'BAD_SIGNATURE')
  assert.equal((await at.failure(attestations)).code, 'BAD_SIGNATURE')
  assert.equal(proofOf(at), undefined)
  attest(up, documentOf())
  assert.equal((await at.get(tarball)).text, 'the tarball')
})

test('a tarball whose attestations cannot be had is served, with what else proves it', async (t) => {
  const { up, at } = await registryOf(t)
  up.set(attestations.replace('@acme/', '@acme%2f'), status(500))
  assert.equal((await at.get(tarball)).text, 'the tarball')
  assert.equal(proofOf(at)?.[0], 'digest')
})

test('a sync takes the attestations along', async (t) => {
  const { up, at } = await registryOf(t)
  attest(up, documentOf())
  up.set('/-/npm/v1/keys', text(registry.document.toString()))
  assert.deepEqual((await at.sync(['@acme/kit'])).codes, [])
  at.offline = true
  assert.equal((await at.get(tarball)).cache, 'HIT')
  assert.equal(JSON.parse((await at.get(attestations)).text).attestations.length, 2)
})
