import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { explain } from '../../src/commands/explain.ts'
import { day, noon } from '../builders/mirror.ts'
import { openSynced, type Said, type Speaking, type Workbench } from './workbench.ts'

interface Match {
  readonly code: number
  readonly path: string
  readonly kind: string
  readonly version?: string
  readonly held?: { readonly sha256: string; readonly proof: string; readonly freshUntil: string }
  readonly verdict: {
    readonly allow: boolean
    readonly code?: string
    readonly reason?: string
    readonly until?: string
  }
  readonly proof: { readonly links: readonly { readonly by: string; readonly kind: string }[]; readonly end?: string }
  readonly holders: readonly string[]
  readonly asks: readonly string[]
  readonly needs: readonly string[]
}

const tarball = '/npm/@acme/kit/-/kit-7.2.30202.tgz'

describe('explain', () => {
  let bench: Workbench
  before(async () => {
    bench = await openSynced()
  })
  after(() => bench.close())

  const asked = (what: string, speaking?: Speaking): Promise<Said> =>
    bench.say((context) => explain(context, what), { json: true, ...speaking })
  const matches = async (what: string, speaking?: Speaking): Promise<readonly Match[]> =>
    (await asked(what, speaking)).document.matches as readonly Match[]
  async function only(what: string, speaking?: Speaking): Promise<Match> {
    const [first, ...rest] = await matches(what, speaking)
    assert.equal(rest.length, 0)
    assert.ok(first !== undefined)
    return first
  }
  /** Another policy over the same data directory. */
  const under = (policy: object): Speaking => ({ files: [bench.write('policy.yaml', bench.text({ policy }))] })

  it('says of what is held who proves it, who wants it, and ends with 0', async () => {
    const { code, held, holders, kind } = await only(tarball)
    assert.deepEqual([code, kind, held?.proof, held?.freshUntil], [0, 'artifact', 'signature', 'forever'])
    assert.deepEqual(holders, [bench.manifest])
  })

  it('walks the chain of a signed archive up to the signature', async () => {
    const { proof } = await only('/debian/pool/main/b/bolt/bolt_2.4.70303-1_amd64.deb')
    assert.deepEqual(
      proof.links.map(({ by }) => by),
      ['/dists/bookworm/main/binary-amd64/Packages.gz', '/dists/bookworm/InRelease'],
    )
    assert.match(proof.end ?? '', /^signature by [0-9A-F]{40}$/)
  })

  it('ends the chain of an unsigned index where its trust ends', async () => {
    const { proof } = await only('/cargo/crates/kit/kit-3.1.60101.crate')
    assert.deepEqual([proof.links.map(({ by }) => by), proof.end], [['/3/k/kit'], 'pinned at first sight'])
  })

  for (const what of ['/npm/@acme%2fkit/-/kit-7.2.30202.tgz', `http://mirror.example.org:8080${tarball}`]) {
    it(`understands ${what}`, async () => {
      assert.equal((await only(what)).path, tarball)
    })
  }

  it('understands the address of an upstream', async () => {
    assert.equal((await only(`${bench.upstreams.npm.url}/@acme/kit/-/kit-7.2.30202.tgz`)).path, tarball)
  })

  it('understands other spellings of a public upstream', async () => {
    assert.equal((await only('https://registry.yarnpkg.com/@acme/kit/-/kit-7.2.30202.tgz')).path, tarball)
  })

  for (const [what, version] of [
    ['pkg:npm/%40acme/kit@7.2.30202', '7.2.30202'],
    ['pkg:npm/@acme/kit@~7.2', '7.2.30202'],
    ['pkg:cargo/kit@3', '3.1.60101'],
    ['pkg:crates/Kit@3.1.60101', '3.1.60101'],
    ['pkg:deb/debian/bolt', '2.4.70303-1'],
    ['pkg:apt/kit@1.3.70202-1', '1.3.70202-1'],
  ] as const) {
    it(`finds ${what}`, async () => {
      const { code, document } = await asked(what)
      const [match] = document.matches as readonly Match[]
      assert.deepEqual([match?.version, code], [version, 0])
    })
  }

  it('lists every version that is known of a package, newest first, after its index', async () => {
    const found = await matches('pkg:npm/@acme/kit')
    assert.deepEqual(
      found.map(({ version }) => version),
      [undefined, '8.0.30303', '7.2.30202', '7.1.30101'],
    )
    const { out } = await asked('pkg:npm/@acme/kit', { json: false })
    assert.match(out, /8\.0\.30303 {2}not held {2}\/npm\/@acme\/kit\/-\/kit-8\.0\.30303\.tgz/)
  })

  it('says what would be asked of upstream for what is not held, and ends with 3', async () => {
    const { code, asks, verdict, held } = await only('/npm/@acme/kit/-/kit-8.0.30303.tgz')
    assert.deepEqual([code, held, verdict.allow], [3, undefined, true])
    assert.deepEqual(asks, [`${bench.upstreams.npm.url}/@acme/kit/-/kit-8.0.30303.tgz`])
  })

  it('names the index that would have to vouch first', async () => {
    const { code, needs, asks } = await only('/npm/other/-/other-1.0.0.tgz')
    assert.deepEqual([code, needs, asks.length], [3, ['/other'], 1])
  })

  it('asks nobody for a file that no held index names', async () => {
    const { code, asks } = await only('/debian/pool/main/n/nothing/nothing_1_all.deb')
    assert.deepEqual([code, asks], [3, []])
  })

  it('names the rule that denies, with its place, and ends with 5', async () => {
    const { code, verdict } = await only(tarball, under({ deny: ['pkg:npm/@acme/kit@<8'] }))
    assert.deepEqual([code, verdict.code], [5, 'DENIED'])
    assert.match(
      verdict.reason ?? '',
      /@acme\/kit@7\.2\.30202 is denied by pkg:npm\/@acme\/kit@<8 \(.*policy\.yaml:1\)/,
    )
  })

  it('names the cooldown, the clock and the end of it', async () => {
    const cooldown = { packages: { 'pkg:cargo/kit': '60d' } }
    const { verdict } = await only('/cargo/crates/kit/kit-3.1.60101.crate', under({ cooldown }))
    assert.equal(verdict.until, new Date(Date.parse('2025-11-24T09:14:46Z') + 60 * day).toISOString())
    assert.ok(Date.parse(verdict.until) > noon)
    assert.match(verdict.reason ?? '', /cooldown of 8w4d by pkg:cargo\/kit .*published 2025-11-24/)
  })

  it('counts a package as denied when all its files are, though its index may be seen', async () => {
    const { code } = await asked('pkg:cargo/kit@3', under({ cooldown: { packages: { 'pkg:cargo/kit': '60d' } } }))
    assert.equal(code, 5)
  })

  it('does not guess the age of what no held index names', async () => {
    const { code } = await only('/npm/other/-/other-1.0.0.tgz', under({ cooldown: { default: '9d' } }))
    assert.equal(code, 3)
  })

  it('denies a package of which nothing is known', async () => {
    const { code, document } = await asked('pkg:npm/left-pad@1.0.0', under({ deny: ['pkg:npm/left-pad'] }))
    assert.equal(code, 5)
    assert.match(String(document.reason), /left-pad of npm is denied by pkg:npm\/left-pad/)
  })

  it('tells a package of which nothing is known from one that is there', async () => {
    const { code, out } = await asked('pkg:npm/unheard-of', { json: false })
    assert.equal(code, 3)
    assert.match(out, /^Nothing is held or known of unheard-of in npm/)
  })

  for (const [what, message] of [
    ['express', /neither a path, an address nor a package URL/],
    ['pkg:nmp/x', /did you mean "npm"\?/],
    ['pkg:npm/x@^^1', /"\^\^1" is no semver range/],
    ['/npn/x', /nothing is mounted at \/npn\/x; did you mean "\/npm"\?/],
    ['/npm/../x', /holds a `\.\.` segment/],
    ['/npm/-', /npm has no path like \/-/],
  ] as const) {
    it(`refuses ${what} with a reason`, async () => {
      const { code, err } = await asked(what)
      assert.ok(code === 2 || code === 3)
      assert.match(err, message)
    })
  }

  it('says to people what it says to programs', async () => {
    const { out } = await asked('/debian/pool/main/b/bolt/bolt_2.4.70303-1_amd64.deb', { json: false })
    assert.match(out, /^\/debian\/pool\/main\/b\/bolt\/bolt_2\.4\.70303-1_amd64\.deb\n {2}repository {2}debian/)
    assert.match(out, /← \/debian\/dists\/bookworm\/InRelease states sha256 [0-9a-f]{16}…\n +← signature by /)
    assert.match(out, /policy {6}allowed/)
  })

  it('asked no upstream all the while', () => {
    for (const upstream of Object.values(bench.upstreams)) assert.equal(upstream.count(), 0)
  })
})
