import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as v from 'valibot'
import type { AnyRoute, Params } from '../../../src/contract.ts'
import { type CargoOptions, cargo } from '../../../src/ecosystems/cargo/index.ts'
import { MirrorError } from '../../../src/errors.ts'
import { doc, fixture, gather, repo, show } from './builders.ts'

function find(path: string): { readonly route: AnyRoute<CargoOptions>; readonly p: Params } | undefined {
  for (const route of cargo.routes) {
    const p = route.match(path)
    if (p !== undefined) return { route, p }
  }
  return undefined
}
function at(path: string): { readonly route: AnyRoute<CargoOptions>; readonly p: Params } {
  const found = find(path)
  assert.ok(found !== undefined, path)
  return found
}
const kind = (path: string): string | undefined => find(path)?.route.kind

test('every path that cargo asks for has its kind', () => {
  const paths = {
    '/config.json': 'index',
    '/1/a': 'index',
    '/2/ab': 'index',
    '/3/a/abc': 'index',
    '/an/yh/anyhow': 'index',
    '/cr/at/crates': 'index',
    '/crates/anyhow/anyhow-1.0.0.crate': 'artifact',
    '/crates/a/a-1.0.0-rc.1+build.crate': 'artifact',
    '/api/v1/crates': 'live',
  }
  for (const [path, expected] of Object.entries(paths)) {
    assert.equal(kind(path), expected, path)
    const { route, p } = at(path)
    assert.equal(route.path(p), path)
  }
})

test('a crate has one index path, and no other is asked of upstream', () => {
  for (const path of [
    '/1/ab',
    '/3/b/abc',
    '/an/xx/anyhow',
    '/An/yh/Anyhow',
    '/an/yh/any how',
    '/ab/cd/..',
    '/crates/a/b-1.crate',
    '/crates/a/a-.crate',
    '/crates/a/a-1.tgz',
    // config.json always states where crate files are, so nobody needs Cargo's default path
    '/crates/a/1.0.0/download',
  ]) {
    assert.equal(find(path), undefined, path)
  }
})

test('the index file vouches for the crate file', () => {
  const { route, p } = at('/crates/Inflector/Inflector-0.1.0.crate')
  assert.deepEqual(route.vouchers?.(p, repo()), ['/in/fl/inflector'])
  assert.deepEqual(route.known?.(p), { name: 'inflector', version: '0.1.0' })
})

async function config(options: Partial<CargoOptions>): Promise<unknown> {
  const { route, p } = at('/config.json')
  const body = await route.view?.(undefined, show(), p, { ...repo(), options: { auth_required: false, ...options } })
  return JSON.parse(Buffer.concat([body as Uint8Array]).toString())
}

test('config.json points at the mirror', async () => {
  const dl = 'https://mirror.example.org/cargo/crates/{crate}/{crate}-{version}.crate'
  assert.deepEqual(await config({}), { dl, api: 'https://mirror.example.org/cargo' })
  assert.deepEqual(await config({ auth_required: true }), {
    dl,
    api: 'https://mirror.example.org/cargo',
    'auth-required': true,
  })
})

test('a file with build metadata is exported under the name that object stores look for, too', () => {
  const { route, p } = at('/crates/a/a-1.0.0+b.crate')
  assert.deepEqual(route.files?.(p, ''), ['/crates/a/a-1.0.0+b.crate', '/crates/a/a-1.0.0 b.crate'])
})

test('a search goes to the web API, with nothing but its own parameters', () => {
  const { route, p } = at('/api/v1/crates')
  assert.equal(
    route.upstream?.(p, { ...repo(), options: { api: 'https://api.example.org', auth_required: false } }),
    'https://api.example.org/api/v1/crates',
  )
  assert.ok(!route.query?.includes('token'))
})

test('errors are worded for their readers', () => {
  const api = cargo.refuse?.(new MirrorError('NOT_HELD', 'not "held"', { path: '/api/v1/crates' }), '/api/v1/crates')
  assert.match(JSON.parse(api?.body ?? '').errors[0].detail, /^not "held" \(NOT_HELD\)/)
  const plain = cargo.refuse?.(new MirrorError('COOLDOWN', 'too young'), '/crates/a/a-1.0.0.crate')
  assert.deepEqual([plain?.status, plain?.headers['content-type']], [403, 'text/plain; charset=utf-8'])
  assert.match(plain?.body ?? '', /^too young/)
})

test('the public registry is replaced, another is named', () => {
  const base = 'https://mirror.example.org/cargo'
  const [replaced] = cargo.setup({ repo: { ...repo(), upstreams: cargo.repos[0]?.upstreams ?? [] }, base })
  assert.match(
    replaced?.files?.[0]?.text ?? '',
    /\[source\.crates-io\]\nreplace-with = "cargo"\n\n\[registries\.cargo\]\nindex = "sparse\+https:\/\/mirror\.example\.org\/cargo\/"\n/,
  )
  const [named] = cargo.setup({ repo: { ...repo(), name: 'my-corp' }, base })
  assert.deepEqual(named?.env, { CARGO_REGISTRIES_MY_CORP_INDEX: `sparse+${base}/` })
  assert.doesNotMatch(named?.files?.[0]?.text ?? '', /source/)
})

test('the index file of the fixture is read by its route', async () => {
  const { route, p } = at('/cf/g-/cfg-if')
  const entries = (await gather(route.read?.(doc('/cf/g-/cfg-if', fixture('cf/g-/cfg-if')), p, repo()))).flat()
  assert.deepEqual(
    entries.map(({ version }) => version),
    ['1.0.3', '1.0.4', '1.0.5'],
  )
})

test('options have defaults, and no others are taken', () => {
  assert.deepEqual(v.parse(cargo.options, {}), { auth_required: false })
  assert.ok(!v.safeParse(cargo.options, { auth: true }).success)
})
