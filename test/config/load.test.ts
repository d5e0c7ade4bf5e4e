// What settings come out of flags, environment, files and defaults.

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { loadSettings } from '../../src/config/load.ts'
import type { Repository, Settings } from '../../src/config/types.ts'
import { ecosystems, folder, settingsOf } from './builders.ts'

const day = 86_400_000

function named(settings: Settings, name: string): Repository {
  const found = settings.repositories.find((repository) => repository.name === name)
  assert.ok(found, `${name} is among the repositories`)
  return found
}

test('needs no file at all', async () => {
  const settings = await loadSettings({ files: [], flags: {}, env: {}, cwd: '/place', ecosystems })
  assert.equal(settings.data, '/place/mirror')
  assert.deepEqual(settings.listen, ['127.0.0.1:8080'])
  assert.deepEqual(
    settings.repositories.map(({ name, mount }) => [name, mount]),
    [
      ['crate', '/crate'],
      ['debian', '/debian'],
      ['security', '/debian-security'],
    ],
  )
})

test('parses the options of built-in repositories too', async () => {
  const settings = await settingsOf('')
  assert.deepEqual(named(settings, 'crate').options, { scopes: [], peers: 'follow' })
  assert.deepEqual(named(settings, 'debian').options, { suites: ['stable'] })
  assert.deepEqual(named(settings, 'security').options, { suites: ['x'] })
})

test('a flag counts more than a variable, a variable more than a file, a file more than the default', async () => {
  const text = 'retries: 1'
  const env = { PKGMIRROR_RETRIES: '2' }
  const retries = async (given: Parameters<typeof settingsOf>[1], file = text): Promise<number> =>
    named(await settingsOf(file, given), 'crate').network.retries
  assert.deepEqual(
    [await retries({ env, flags: { retries: '5' } }), await retries({ env }), await retries({}), await retries({}, '')],
    [5, 2, 1, 3],
  )
})

test('tells where every value comes from', async () => {
  const { origins } = await settingsOf('\ngc: { every: 1h }', {
    flags: { baseUrl: 'http://a.example.org/' },
    env: { PKGMIRROR_DATA: 'd' },
  })
  assert.deepEqual(origins['gc.every'], { file: path.join(folder, 'one.yaml'), line: 2, text: '1h' })
  assert.deepEqual(origins.base_url, { file: '--base-url', text: 'http://a.example.org/' })
  assert.deepEqual(origins.data, { file: 'PKGMIRROR_DATA', text: 'd' })
  assert.deepEqual(origins.retries, { file: 'default', text: '3' })
})

test('tells no secret', async () => {
  const text =
    'repositories: { crate: { credentials: [{ bearer: hush }, { username: a, password: hush }, { headers: { X-Key: hush } }] } }'
  const settings = await settingsOf(text, { env: { PKGMIRROR_PROXY: 'http://me:hush@proxy.example.org' } })
  assert.doesNotMatch(JSON.stringify(settings.origins), /hush/)
  assert.deepEqual(named(settings, 'crate').credentials, [
    { bearer: 'hush' },
    { username: 'a', password: 'hush' },
    { headers: { 'x-key': 'hush' } },
  ])
  assert.equal(named(settings, 'crate').network.proxy, 'http://me:hush@proxy.example.org')
})

test('takes several values of a flag or variable parted by commas, and a flag given twice', async () => {
  const { listen, hosts } = await settingsOf('', {
    flags: { listen: ['8080', '[::1]:8081'] },
    env: { PKGMIRROR_HOSTS: 'A.example.org, b' },
  })
  assert.deepEqual(listen, ['127.0.0.1:8080', '[::1]:8081'])
  assert.deepEqual(hosts, ['a.example.org', 'b'])
})

test('expands variables', async () => {
  const { data } = await settingsOf(`data: "/\${A}/\${B:-b}/$$C"`, { env: { A: 'a' } })
  assert.equal(data, '/a/b/$C')
})

test('reads JSON', async () => {
  const { data, gc } = await settingsOf('{\n\t"$schema": "x.json",\n\t"data": "/a",\n\t"gc": { "every": "2h" }\n}')
  assert.deepEqual([data, gc.every], ['/a', 7_200_000])
})

test('paths start from the folder of the file, from home, or from the working directory', async () => {
  const { data, publish } = await settingsOf('data: ../a\npublish: { directory: ~/b }')
  assert.equal(data, path.resolve(folder, '../a'))
  assert.equal(publish?.directory, '/home/me/b')
  assert.equal((await settingsOf('data: x', { flags: { data: 'c' } })).data, '/place/c')
})

test('adds a repository of its own under an alias of its ecosystem', async () => {
  const settings = await settingsOf(`
repositories:
  corp:
    ecosystem: cr
    upstream: ["https://a.example.org/", "https://b.example.org/x/"]
    scopes: ["@corp"]
    keyring: [corp-keys, ./keys/corp.asc]
    allow_hosts: "*.example.net"
    ca: ./ca.pem
`)
  const { ecosystem, upstreams, mount, options, keyrings, allowHosts, network, builtin, where } = named(
    settings,
    'corp',
  )
  assert.deepEqual([ecosystem, mount, builtin, where.line], ['crate', '/corp', false, 3])
  assert.deepEqual(upstreams, ['https://a.example.org', 'https://b.example.org/x'])
  assert.deepEqual(options, { scopes: ['@corp'], peers: 'follow' })
  assert.deepEqual(keyrings, ['corp-keys', path.join(folder, 'keys/corp.asc')])
  assert.deepEqual([allowHosts, network.ca], [['*.example.net'], path.join(folder, 'ca.pem')])
})

test('another upstream of a built-in repository no longer allows the hosts of the old one', async () => {
  assert.deepEqual(named(await settingsOf(''), 'crate').hosts, ['files.crate.example.org'])
  const moved = await settingsOf('repositories: { crate: { upstream: "https://in.example.org" } }')
  assert.deepEqual(named(moved, 'crate').hosts, undefined)
})

test('leaves out what is not enabled, not built in, or not asked for', async () => {
  const names = async (text: string, given?: Parameters<typeof settingsOf>[1]): Promise<string[]> =>
    (await settingsOf(text, given)).repositories.map(({ name }) => name)
  assert.deepEqual(await names('repositories: { crate: { enabled: false } }'), ['debian', 'security'])
  assert.deepEqual(await names('builtin: false\nrepositories: { debian: }'), ['debian'])
  assert.deepEqual(await names('', { flags: { builtin: false } }), [])
  assert.deepEqual(await names('', { flags: { builtin: true } }), ['crate', 'debian', 'security'])
  assert.deepEqual(await names('', { flags: { only: 'apt' } }), ['debian', 'security'])
  assert.deepEqual(await names('', { env: { PKGMIRROR_ONLY: 'security,cr' } }), ['crate', 'security'])
})

test("a repository's policy is its own over that of the whole", async () => {
  const settings = await settingsOf(`
policy:
  cooldown: { default: 3d, ecosystems: { apt: 7d }, packages: { "pkg:crate/a": 1d } }
  deny: ["pkg:crate/x"]
  fresh_for: 10m
  require: tls
repositories:
  debian: { cooldown: 1d, fresh_for: upstream, deny: ["pkg:deb/y"], rules: [{ match: "/dists/**", expire_after: never }] }
  crate: { cooldown: { packages: { "pkg:crate/b": 0 }, baseline: wait } }
`)
  const [debian, crate] = [named(settings, 'debian').policy, named(settings, 'crate').policy]
  assert.deepEqual([settings.policy.cooldown.default, settings.policy.cooldown.ecosystems], [3 * day, { deb: 7 * day }])
  assert.deepEqual(debian.cooldown.repositories, { debian: day })
  assert.deepEqual([debian.freshFor, debian.require, crate.freshFor], ['upstream', 'tls', 600_000])
  assert.deepEqual(
    debian.deny.map(({ pattern }) => pattern),
    ['pkg:deb/y', 'pkg:crate/x'],
  )
  assert.deepEqual(
    debian.rules.map(({ match, expireAfter }) => [match, expireAfter]),
    [['/dists/**', Infinity]],
  )
  assert.deepEqual(
    crate.cooldown.packages.map(({ pattern, cooldown }) => [pattern, cooldown]),
    [
      ['pkg:crate/b', 0],
      ['pkg:crate/a', day],
    ],
  )
  assert.equal(crate.cooldown.baseline, 'wait')
})

test('writes the type of a pattern as purls do', async () => {
  const { policy } = await settingsOf('policy: { deny: ["pkg:apt/curl", "pkg:*/x", "pkg:cr/@a/b@1"] }')
  assert.deepEqual(
    policy.deny.map(({ pattern }) => pattern),
    ['pkg:deb/curl', 'pkg:*/x', 'pkg:crate/@a/b@1'],
  )
})

test('warns of a pattern that cannot reach a signed set of indexes', async () => {
  const { warnings } = await settingsOf('policy:\n  cooldown: { packages: { "pkg:deb/curl": 1d, "pkg:crate/a": 1d } }')
  assert.deepEqual(
    warnings.map(({ message, where }) => [message, where.line]),
    [['pkg:deb/curl has no effect: Debian waits as a whole; set cooldown.repositories instead', 2]],
  )
})

test('warns of a misspelt variable', async () => {
  const { warnings } = await settingsOf('', { env: { PKGMIRROR_DTA: '/x' } })
  assert.match(warnings[0]?.message ?? '', /did you mean PKGMIRROR_DATA\?/)
})

test('reads what is wanted, each with its line', async () => {
  const { wants, lockfiles, platforms } = await settingsOf(`
packages:
  crate:
    - a@1
    - { name: b, version: 1.10, keep: 3, dependencies: false, features: [x] }
  apt: curl
images: [alpine]
roots:
  - { repo: security, suites: [bookworm], follow: depends }
lockfiles: ../*/a.lock
platforms: [linux-x64-glibc, macos-aarch64, { os: linux, python: 3.10 }]
`)
  assert.deepEqual(
    wants.map(({ repo, text, selector, from }) => [from.line, repo, text, selector]),
    [
      [4, 'crate', 'a@1', {}],
      [5, 'crate', 'b', { range: '1.10', keep: 3, follow: [], options: { features: ['x'] } }],
      [6, 'debian', 'curl', {}],
      [7, 'crate', 'alpine', {}],
      [9, 'security', undefined, { name: '*', follow: ['depends'], options: { suites: ['bookworm'] } }],
    ],
  )
  assert.deepEqual(lockfiles, [
    { glob: path.resolve(folder, '../*/a.lock'), where: { file: path.join(folder, 'one.yaml'), line: 10 } },
  ])
  assert.deepEqual(platforms, [
    { os: 'linux', cpu: 'x64', libc: 'glibc' },
    { os: 'darwin', cpu: 'arm64' },
    { os: 'linux', python: '3.10' },
  ])
})

test('finds the repository of an image by the host that its reference begins with', async () => {
  const { wants } = await settingsOf(`
images:
  - org/app:1
  - crate.example.org/org/app:1
  - { name: "harbour.example.net:5000/org/app", tags: "^1" }
  - { repo: harbour, name: org/other }
repositories:
  harbour: { ecosystem: container, upstream: "https://harbour.example.net:5000/v2" }
`)
  assert.deepEqual(
    wants.map(({ repo, text, selector }) => [repo, text, selector.range]),
    [
      ['crate', 'org/app:1', undefined],
      ['crate', 'org/app:1', undefined],
      ['harbour', 'org/app', '^1'],
      ['harbour', 'org/other', undefined],
    ],
  )
  await assert.rejects(settingsOf('images: [elsewhere.example.net/app]'), {
    code: 'CONFIG',
    message: /no repository mirrors elsewhere\.example\.net/,
  })
})

test('an ordered union takes upstreams, hosts and credentials from the repositories it names', async () => {
  const settings = await settingsOf(`
repositories:
  corp:
    ecosystem: crate
    upstream: https://crates.example.net
    enabled: false
    allow_hosts: [files.example.net]
    credentials: { bearer: t }
  both:
    ecosystem: crate
    sources: [{ from: corp, only: "corp-*" }, crate, "https://c.example.org/"]
`)
  const both = named(settings, 'both')
  const none = { only: [], not: [] }
  assert.deepEqual(both.sources, [
    { name: 'corp', upstreams: ['https://crates.example.net'], only: ['corp-*'], not: [] },
    { name: 'crate', upstreams: ['https://crate.example.org'], ...none },
    { name: 'https://c.example.org', upstreams: ['https://c.example.org'], ...none },
  ])
  assert.deepEqual(both.upstreams, ['https://crates.example.net', 'https://crate.example.org', 'https://c.example.org'])
  assert.deepEqual(both.credentials, [{ bearer: 't', url: 'https://crates.example.net' }])
  assert.deepEqual([both.allowHosts, both.hosts], [['files.example.net'], ['files.crate.example.org']])
})

test('asks nothing of a repository that is narrowed away', async () => {
  const { wants } = await settingsOf('packages: { crate: [a], debian: [b] }', { flags: { only: ['debian'] } })
  assert.deepEqual(
    wants.map(({ text }) => text),
    ['b'],
  )
})

test('several files add up', async () => {
  const { wants, policy, keep } = await settingsOf([
    'packages: { crate: [a] }\npolicy: { deny: ["pkg:crate/x"] }\nkeep: { latest: 3 }',
    'packages: { crate: [b], debian: c }\npolicy: { deny: "pkg:crate/y" }\nkeep: { latest: 3, grace: 1h }',
  ])
  assert.deepEqual(
    wants.map(({ text }) => text),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(
    policy.deny.map(({ pattern }) => pattern),
    ['pkg:crate/x', 'pkg:crate/y'],
  )
  assert.deepEqual([keep.latest, keep.grace], [3, 3_600_000])
})

test('is plain data', async () => {
  const { repositories, policy } = await settingsOf('policy: { cooldown: { default: 1d } }')
  assert.deepEqual(structuredClone({ repositories, policy }), { repositories, policy })
})
