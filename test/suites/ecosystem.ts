// What every ecosystem must keep to, over nothing but its fixtures: a real mirror of a small upstream on loopback.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import * as v from 'valibot'
import { isHeld } from '../../src/catalog/rows.ts'
import type { AnyEcosystem, Entry, Trust } from '../../src/contract.ts'
import { mount } from '../../src/engine/mirror.ts'
import { MirrorError } from '../../src/errors.ts'
import { formatSri, hashOf, isHex } from '../../src/formats/digest.ts'
import { safePath } from '../../src/formats/safe-path.ts'
import { type Got, openTestMirror, rule, type TestMirror, type TestMirrorOptions } from '../builders/mirror.ts'
import { startUpstream, type Upstream } from '../fakes/upstream.ts'
import { docOf, find, read, readInThread, repoOf, type Shelf, show, showInThread } from './ecosystem/documents.ts'
import type { Archive, Asking, Fixtures, Source } from './ecosystem/fixtures.ts'
import { hostile } from './ecosystem/hostile.ts'

/** Positions tried in each file whose bits are flipped. */
const FLIPS = 16
/** No document may keep its reader longer, milliseconds. */
const PATIENCE = 1000

/** A file's last segment, when it names one version: `/kit/-/kit-1.0.0.tgz`. */
const fileOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const bytesOf = ({ body }: Source): Uint8Array => (typeof body === 'string' ? Buffer.from(body) : body)

export function testEcosystem(ecosystem: AnyEcosystem, fixtures: Fixtures): void {
  describe(`ecosystem ${ecosystem.id}`, () => {
    let upstream: Upstream
    let archive: Archive
    let folder: string
    let test: TestMirror
    const opened: TestMirror[] = []

    const paths = (): readonly string[] => Object.keys(archive.files)
    const sourceAt = (path: string): Source => {
      const source = archive.files[path]
      assert.ok(source !== undefined, path)
      return source
    }
    const serve = (path: string, bytes: Uint8Array): void => {
      const { at = path, type } = sourceAt(path)
      upstream.set(at, { body: bytes, etag: true, ...(type === undefined ? {} : { type }) })
    }

    before(async () => {
      upstream = await startUpstream()
      archive = await fixtures.archive(upstream.url)
      folder = await mkdtemp(join(tmpdir(), 'keyring-'))
      const { keyring } = archive
      if (keyring !== undefined) await writeFile(join(folder, keyring.name), keyring.bytes)
      for (const path of paths()) serve(path, bytesOf(sourceAt(path)))
      test = await mirror()
    })
    after(async () => {
      for (const one of opened) await one.close()
      await upstream.close()
      await rm(folder, { recursive: true, force: true })
    })

    const keyringFile = (): string | undefined =>
      archive.keyring === undefined ? undefined : join(folder, archive.keyring.name)

    /** A mirror of the upstream with an empty data directory. */
    async function mirror(options: Partial<TestMirrorOptions> = {}): Promise<TestMirror> {
      const keyring = keyringFile()
      const made = await openTestMirror({
        repositories: [
          {
            ecosystem: ecosystem.id,
            upstreams: [upstream.url],
            options: archive.options?.(keyring ?? '') ?? {},
            keyrings: keyring === undefined ? [] : [keyring],
          },
        ],
        ecosystems: [ecosystem],
        ...options,
      })
      opened.push(made)
      return made
    }

    function shelf(deny: readonly string[] = []): Shelf {
      const [mounted] = test.mirror.repos.values()
      assert.ok(mounted !== undefined)
      const { settings } = mounted
      const judged = mount({ ...settings, policy: { ...settings.policy, deny: deny.map(rule) } }, ecosystem)
      const bytes = new Map(paths().map((path) => [path, bytesOf(sourceAt(path))]))
      return { mounted: judged, bytes, now: test.clock.now, base: `http://mirror.test${settings.mount}` }
    }

    const indexes = (): readonly string[] => paths().filter((path) => find(ecosystem, path).route.read !== undefined)

    /** Every path with a view, in each of its media types. */
    function views(): readonly (Asking & { readonly accept: string })[] {
      const all = new Set([...paths(), ...archive.requests.map(({ path }) => path)])
      return [...all].flatMap((path) => {
        const { route } = find(ecosystem, path)
        if (route.view === undefined || route.kind === 'live') return []
        return (route.types ?? ['application/octet-stream']).map((accept) => ({ path, accept }))
      })
    }

    /** Everything that the documents say, each path once. */
    async function entries(): Promise<readonly Entry[]> {
      const all = new Map<string, Entry>()
      for (const path of indexes()) {
        for (const entry of (await read(shelf(), path)).entries) all.set(entry.path, entry)
      }
      return [...all.values()]
    }

    /** Entries that are versions of packages. */
    const releases = async (): Promise<readonly (Entry & { name: string; version: string })[]> =>
      (await entries()).flatMap((entry) =>
        entry.name === undefined || entry.version === undefined || archive.files[entry.path] === undefined
          ? []
          : { ...entry, name: entry.name, version: entry.version },
      )

    const wholeBodies = ({ bytes, twins = {} }: Got, from: TestMirror): Promise<readonly Buffer[]> =>
      Promise.all([
        bytes,
        ...Object.entries(twins).map(async ([coding, { sha256 }]) => {
          assert.equal(coding, 'gzip')
          return gunzipSync(Buffer.concat(await Array.fromAsync(from.mirror.store.stream(sha256))))
        }),
      ])

    describe('routes', () => {
      it('take every path of the fixtures as expected', () => {
        for (const path of [...paths(), ...archive.requests.map((one) => one.path)]) {
          assert.ok(archive.routes[path] !== undefined, `the fixtures name no route for ${path}`)
        }
        for (const [path, expected] of Object.entries(archive.routes)) {
          const { route } = find(ecosystem, path)
          assert.equal(`${route.kind} ${route.pattern}`, expected, path)
        }
      })

      it('make the path again that they took apart', () => {
        for (const path of Object.keys(archive.routes)) {
          const { route, p } = find(ecosystem, path)
          assert.equal(route.path(p), path)
          assert.deepEqual(route.match(route.path(p)), p)
        }
      })

      it('take no path that is unsafe to keep, whatever stands in it', () => {
        for (const path of Object.keys(archive.routes)) assert.equal(safePath(path), path)
      })

      it('name vouchers that are documents of the same repository', () => {
        for (const path of paths()) {
          const { route, p } = find(ecosystem, path)
          for (const voucher of route.vouchers?.(p, repoOf(shelf())) ?? []) {
            const by = find(ecosystem, voucher).route
            assert.equal(by.kind, 'index', voucher)
            assert.ok(by.read !== undefined, `${voucher} vouches for ${path} and is never read`)
          }
        }
      })
    })

    describe('entries', () => {
      it('are all ones that their document may state', async () => {
        for (const path of indexes()) assert.deepEqual((await read(shelf(), path)).dropped, [], path)
      })

      it('point at routes that hold files or documents', async () => {
        const all = await entries()
        assert.ok(all.length > 0)
        for (const entry of all) {
          const { route } = find(ecosystem, entry.path)
          assert.ok(route.kind === 'artifact' || route.kind === 'index', `${entry.path} is ${route.kind}`)
        }
      })

      it('name every file of the fixtures that somebody must vouch for', async () => {
        const named = new Set((await entries()).map(({ path }) => path))
        for (const path of paths()) {
          const { route, p } = find(ecosystem, path)
          if (route.vouchers === undefined || route.known?.(p).digests !== undefined) continue
          assert.ok(named.has(path), `no document of the fixtures names ${path}`)
        }
      })

      it('are the same when a worker thread reads them', async () => {
        for (const path of indexes()) {
          const here = (await read(shelf(), path)).entries
          assert.deepEqual(await readInThread(test.mirror.threads, shelf(), path), structuredClone(here), path)
        }
      })
    })

    describe('views', () => {
      it('are the same each time, and from a worker thread', async () => {
        const [newest] = (await releases()).toSorted((a, b) => ecosystem.versions.compare(b.version, a.version))
        assert.ok(newest !== undefined, 'the fixtures have no version of a package')
        for (const deny of [[], [denying(ecosystem, newest)]]) {
          for (const { path, accept } of views()) {
            const first = await show(shelf(deny), path, accept)
            assert.deepEqual(await show(shelf(deny), path, accept), first, path)
            assert.deepEqual(await showInThread(test.mirror.threads, shelf(deny), path, accept), first, path)
          }
        }
      })

      it('name no host of an upstream', async () => {
        const hosts = [...hostsOf(ecosystem), new URL(upstream.url).host]
        for (const asking of views()) {
          const got = await test.get(asking.path, asking)
          for (const body of await wholeBodies(got, test)) {
            for (const host of hosts) assert.ok(!body.includes(host), `${asking.path} (${asking.accept}) names ${host}`)
          }
        }
      })

      it('show the versions of the fixtures while nothing hides them', async () => {
        if (views().length === 0) return
        const shown = await Promise.all(views().map(async (asking) => (await test.get(asking.path, asking)).bytes))
        for (const { version } of await releases()) {
          assert.ok(
            shown.some((body) => body.includes(version)),
            version,
          )
        }
      })

      it('say nothing of a version that is hidden, whichever it is', async () => {
        const all = await releases()
        for (const hidden of all) {
          const one = await mirror({ policy: { deny: [rule(denying(ecosystem, hidden))] } })
          for (const asking of views()) {
            const got = await gotUnlessRefused(one, asking)
            if (got === undefined) continue
            const texts = [...(await wholeBodies(got, one)), Buffer.from(JSON.stringify(got.headers))]
            for (const mark of marks(hidden)) {
              const leaks = texts.some((text) => text.includes(mark))
              assert.ok(!leaks, `${asking.path} (${asking.accept}) says ${mark} of a hidden version`)
            }
          }
          const refused = await one.failure(hidden.path)
          assert.ok(['DENIED', 'NOT_FOUND'].includes(refused.code), `${hidden.path}: ${refused.code}`)
          await one.close()
        }
      })
    })

    describe('policy', () => {
      it('keeps hidden versions out of a sync', async () => {
        for (const hidden of await releases()) {
          const one = await mirror({ policy: { deny: [rule(denying(ecosystem, hidden))] } })
          await one.sync(archive.wants, { item: () => {} })
          assert.equal(isHeld(one.mirror.catalog.refs.get(ecosystem.id, hidden.path, '', 0)), false, hidden.path)
          await one.close()
        }
      })
    })

    describe('trust', () => {
      it('refuses every file with one bit flipped, and keeps nothing of it', async () => {
        const one = await mirror()
        let tried = 0
        for (const path of paths().filter((each) => isProven(ecosystem, each))) {
          const good = bytesOf(sourceAt(path))
          // what upstream has under several paths may be taken from any of them, and is fetched once
          const same = paths().filter((other) => Buffer.from(good).equals(bytesOf(sourceAt(other))))
          if (same[0] !== path) continue
          for (const [what, bad] of damaged(good)) {
            for (const each of same) serve(each, bad)
            const { code } = await one.failure(path)
            assert.equal(refusals.has(code), true, `${path} with ${what}: ${code}`)
            assert.deepEqual(await heldOf(one, path, bad), [], `${path} with ${what} was kept`)
            tried += 1
          }
          for (const each of same) serve(each, good)
          assert.deepEqual((await one.get(path)).bytes, Buffer.from(good), path)
        }
        await one.mirror.flights.idle()
        assert.deepEqual(await one.leftovers(), [])
        assert.ok(tried > 0, 'the fixtures hold nothing that is vouched for')
      })

      it('refuses a file that no index names, without asking for it', async () => {
        const one = await mirror()
        for (const path of paths()) {
          const { route, p } = find(ecosystem, path)
          const known = route.known?.(p).digests
          if (route.kind !== 'artifact' || route.vouchers === undefined || known !== undefined) continue
          const stranger = path.replace(/[^/]+$/, (file) => file.replace(/\d/g, '7'))
          if (archive.files[stranger] !== undefined) continue
          upstream.set(stranger, { body: 'stranger' })
          const { code } = await one.failure(stranger)
          assert.ok(['NOT_FOUND', 'NO_ROUTE'].includes(code), `${stranger}: ${code}`)
          assert.equal(upstream.count(stranger), 0, stranger)
        }
      })
    })

    describe('mirrors', () => {
      it('answer offline after a sync as upstream did online', async () => {
        const online = await mirror()
        const expected = new Map<Asking, Got>()
        for (const asking of archive.requests) {
          // asked again when it is held, since a body that still arrives has no tag yet
          await online.get(asking.path, asking)
          await online.mirror.flights.idle()
          expected.set(asking, await online.get(asking.path, asking))
        }
        const one = await mirror()
        const { faults } = await one.sync(archive.wants, { item: () => {} })
        assert.deepEqual(
          faults.map(({ error }) => error.message),
          [],
        )
        one.offline = true
        upstream.reset()
        for (const asking of archive.requests) {
          const got = await one.get(asking.path, asking)
          const was = expected.get(asking)
          const where = `${asking.path} (${asking.accept ?? 'any type'})`
          assert.equal(got.text, was?.text, where)
          assert.equal(got.type, was?.type, where)
          assert.equal(got.etag, was?.etag, where)
        }
        assert.equal(upstream.count(), 0)
      })

      it('need no second sync', async () => {
        const one = await mirror()
        await one.sync(archive.wants, { item: () => {} })
        one.clock.pass(60_000)
        const fetched: string[] = []
        await one.sync(archive.wants, {
          item: ({ path, outcome }) => void (outcome === 'fetched' && fetched.push(path)),
        })
        assert.deepEqual(fetched, [])
      })

      it('show offline in no index a version that is not held', async () => {
        const all = await releases()
        const one = await mirror()
        await one.sync(archive.wants.slice(0, 1), { item: () => {} })
        one.offline = true
        const held = (entry: Entry) => isHeld(one.mirror.catalog.refs.get(ecosystem.id, entry.path, '', 0))
        const partly = all.filter(
          (entry) => !held(entry) && all.some((other) => other.name === entry.name && held(other)),
        )
        for (const asking of views().filter(({ path }) => find(ecosystem, path).route.kind === 'index')) {
          const got = await gotUnlessRefused(one, asking)
          for (const entry of partly) {
            assert.ok(got === undefined || !offers(got.text, entry), `${asking.path} offers ${entry.path}`)
          }
        }
      })
    })

    describe('hostile documents', () => {
      it('never crash, hang, or speak of what is not theirs', { timeout: 60_000 }, async () => {
        const names = [...new Set((await releases()).map(({ name }) => name))]
        for (const path of paths()) {
          const { route } = find(ecosystem, path)
          if (route.read === undefined && route.view === undefined && route.check === undefined) continue
          for (const [what, bytes] of hostile(bytesOf(sourceAt(path)), names)) {
            const started = performance.now()
            await survives(path, bytes, what)
            const taken = performance.now() - started
            assert.ok(taken < PATIENCE, `${path}: ${what} took ${Math.round(taken)} ms`)
          }
        }
      })

      async function survives(path: string, bytes: Uint8Array, what: string): Promise<void> {
        const at = shelf()
        const { route, p } = find(ecosystem, path)
        const own = route.known?.(p).name
        const said = await orRefused(read(at, path, bytes), `${path}: ${what}`)
        for (const entry of said?.entries ?? []) {
          const where = `${path}: ${what}: ${JSON.stringify(entry).slice(0, 300)}`
          assert.equal(safePath(entry.path), entry.path, where)
          assert.ok(['artifact', 'index'].includes(find(ecosystem, entry.path).route.kind), where)
          if (own !== undefined) assert.equal(entry.name, own, where)
          for (const [algorithm, digest] of Object.entries(entry.digests ?? {})) {
            if (algorithm.startsWith('sha')) assert.ok(isHex(algorithm, digest), where)
          }
          assert.ok(entry.size === undefined || (Number.isSafeInteger(entry.size) && entry.size >= 0), where)
          assert.ok(entry.published === undefined || Number.isSafeInteger(entry.published), where)
          structuredClone(entry)
        }
        for (const type of route.view === undefined ? [] : (route.types ?? [''])) {
          await orRefused(show(at, path, type, bytes), `${path}: ${what}`)
        }
        const doc = docOf(at, path, bytes)
        if (route.check !== undefined && doc !== undefined) {
          await orRefused(route.check(doc, p, repoOf(at), trust(at), {}), `${path}: ${what}`)
        }
        assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false, what)
      }

      const trust = (at: Shelf): Trust => ({
        now: at.now,
        document: async (path) => docOf(at, path),
        keys: async () => (archive.keyring === undefined ? [] : [archive.keyring.bytes]),
        recall: () => undefined,
        remember: () => {},
        proven: () => {},
        expired: () => {},
      })
    })

    describe('texts', () => {
      it('of a set-up name the mirror and no upstream', () => {
        const base = 'https://mirror.example.org/some/mount'
        for (const builtIn of ecosystem.repos) {
          const { name, upstreams } = builtIn
          const repo = { name, upstreams, options: v.parse(ecosystem.options, builtIn.options ?? {}) }
          const setups = ecosystem.setup({ repo, base })
          assert.ok(setups.length > 0, name)
          for (const setup of setups) {
            const { files = [], env = {}, commands = [] } = setup
            const text = JSON.stringify([files, env, commands])
            assert.ok(text.includes(base), `${name}, ${setup.title}: ${text}`)
            for (const host of hostsOf(ecosystem)) assert.ok(!text.includes(host), `${setup.title} names ${host}`)
          }
        }
      })

      it('of package lists mean what the page says', () => {
        for (const [line, expected] of Object.entries(fixtures.lines)) {
          const want: Readonly<Record<string, unknown>> = { ...ecosystem.want(line, repoOf(shelf())) }
          for (const [key, value] of Object.entries(expected)) assert.deepEqual(want[key], value, `${line}: ${key}`)
        }
      })

      it('that mean nothing are refused as the user’s mistake', () => {
        const nothing = ['', ' ', '\n', '\u0000', '../../etc/passwd', '<html>', 'a\nb', '$(id)', 'x'.repeat(100_000)]
        for (const line of [...nothing, ...fixtures.garbage]) {
          assert.throws(
            () => ecosystem.want(line, repoOf(shelf())),
            (error) => error instanceof MirrorError && error.code === 'CONFIG' && error.message.length < 2000,
            JSON.stringify(line.slice(0, 80)),
          )
        }
      })
    })

    describe('versions', () => {
      const { compare, satisfies, exact, fault, prerelease } = ecosystem.versions
      const version = fc.oneof(fixtures.version, fc.constantFrom(...fixtures.versions))
      const any = fc.oneof(version, fc.string())

      it('stand in the order of the fixtures', () => {
        assert.deepEqual(fixtures.versions.toReversed().sort(compare), fixtures.versions)
      })

      it('have one order, whatever the text', () => {
        fc.assert(
          fc.property(any, any, any, (a, b, c) => {
            assert.equal(compare(a, a), 0)
            assert.equal(Math.sign(compare(a, b)), -Math.sign(compare(b, a)) || 0)
            const [first, second, third] = [a, b, c].sort(compare) as [string, string, string]
            assert.ok(compare(first, second) <= 0 && compare(second, third) <= 0 && compare(first, third) <= 0)
          }),
        )
      })

      it('are met by their own exact range and by no other', () => {
        fc.assert(
          fc.property(version, version, (a, b) => {
            assert.equal(fault(exact(a)), undefined)
            assert.equal(satisfies(a, exact(a)), true)
            if (satisfies(b, exact(a))) assert.equal(satisfies(a, exact(b)), true)
            assert.equal(typeof prerelease(a), 'boolean')
          }),
        )
      })

      it('never meet a range that is none', () => {
        fc.assert(
          fc.property(any, fc.string(), (a, range) => {
            if (fault(range) !== undefined) assert.equal(satisfies(a, range), false)
          }),
        )
      })
    })
  })
}

/** A rule that hides one version: a package URL with the exact range. */
const denying = (ecosystem: AnyEcosystem, { name, version }: { readonly name: string; readonly version: string }) =>
  `pkg:${ecosystem.purl}/${name}@${encodeURIComponent(ecosystem.versions.exact(version))}`

/** What gives a version away: its number, its file, and its digests in both spellings. */
const marks = ({ path, version, digests = {} }: Entry & { readonly version: string }): readonly string[] => [
  version,
  fileOf(path),
  ...Object.entries(digests).flatMap(([algorithm, hex]) => [hex, formatSri(algorithm, hex)]),
]

/** Does a view lead a resolver to this file? A protocol may mark a version instead of leaving it out. */
function offers(text: string, { version = '', digests = {} }: Entry): boolean {
  return text.split('\n').some((line) => {
    const named = Object.values(digests).some((hex) => line.includes(hex)) || line.includes(version)
    return named && !/"yanked": ?true/.test(line)
  })
}

async function gotUnlessRefused(one: TestMirror, asking: Asking): Promise<Got | undefined> {
  try {
    return await one.get(asking.path, asking)
  } catch (error) {
    const expected = error instanceof MirrorError && ['NOT_FOUND', 'NOT_HELD', 'DENIED'].includes(error.code)
    if (!expected) throw error
    return undefined
  }
}

/** A refusal is a coded error; anything else is a crash. */
async function orRefused<T>(work: Promise<T>, what: string): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    assert.ok(error instanceof MirrorError, `${what}: ${error instanceof Error ? error.stack : String(error)}`)
    assert.notEqual(error.code, 'FAULT', what)
    return undefined
  }
}

/** Somebody vouches for it, it names its own digest, or it is the signed root of a chain. */
function isProven(ecosystem: AnyEcosystem, path: string): boolean {
  const { route, p } = find(ecosystem, path)
  if (route.vouchers !== undefined || route.known?.(p).digests !== undefined) return true
  return route.generation !== undefined && route.check !== undefined
}

const refusals = new Set([
  'WRONG_DIGEST',
  'WRONG_LENGTH',
  'TOO_LARGE',
  'BAD_SIGNATURE',
  'NO_SIGNATURE',
  'UNKNOWN_KEY',
  'UNSUPPORTED_KEY',
  'BAD_FRAMING',
  'UNREADABLE',
  'NOT_YET_VALID',
])

/** One bit flipped at places all over the file; and a byte more, and half of it. */
function* damaged(good: Uint8Array): Generator<readonly [string, Uint8Array]> {
  const last = good.length - 1
  const places = new Set(Array.from({ length: FLIPS }, (_, index) => Math.round((last * index) / (FLIPS - 1))))
  for (const place of places) {
    const bad = Uint8Array.from(good)
    bad[place] = (good[place] ?? 0) ^ (1 << (place % 8))
    yield [`bit ${place % 8} of byte ${place} flipped`, bad]
  }
  yield ['a byte more', Buffer.concat([good, Buffer.from('x')])]
  yield ['its second half missing', good.subarray(0, good.length >> 1)]
}

/** What a mirror holds of bytes that it should have refused. */
async function heldOf(one: TestMirror, path: string, bytes: Uint8Array): Promise<readonly string[]> {
  const sha256 = hashOf(bytes)
  const blobs = await Array.fromAsync(one.mirror.store.list(), (blob) => blob.sha256)
  const refs = one.mirror.catalog.refs.bySha256(sha256).map((ref) => `${path} as ${ref.path}`)
  return [...refs, ...blobs.filter((blob) => blob === sha256)]
}

/** Hosts of the declaration: where upstreams are, and where their documents may point. */
export const hostsOf = (ecosystem: AnyEcosystem): readonly string[] => [
  ...new Set(
    ecosystem.repos.flatMap(({ upstreams, hosts = [] }) => [...upstreams.map((each) => new URL(each).host), ...hosts]),
  ),
]
