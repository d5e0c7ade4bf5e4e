// Every fault of a file is told with its line, the value, and what was meant or what is taken.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, type Given } from './builders.ts'

const duration = 'a duration such as 30s, 5m, 12h, 3d, 2w or 1h30m'
const repository = (keys: string): string => `repositories:\n  crate:\n    ${keys}\n`
const packages = (item: string): string => `packages:\n  crate:\n    - ${item}\n`

const bad: readonly (readonly [text: string, message: string])[] = [
  // keys
  ['\npolcy: {}', '2: unknown key "polcy"; did you mean "policy"?'],
  ['policy:\n  cooldwn: 3d', '2: unknown key "cooldwn" in policy; did you mean "cooldown"?'],
  ['cooldown: 3d', '1: unknown key "cooldown"; it belongs to `policy`'],
  ['baseUrl: x', '1: unknown key "baseUrl"; did you mean "base_url"?'],
  ['gc: 5m', '1: gc holds keys: every, expire_every'],
  ['data: a\ndata: b', '2: map keys must be unique'],
  ['data: [a, b]', '1: data: takes one value: a path'],
  ['data:', '1: data: has no value'],
  ['data: { a: 1 }', '1: data: takes a value, not keys'],
  ['repositories: [a]', '1: repositories: takes keys, not a list'],
  // values
  ['policy:\n  fresh_for: 5 minuts', `2: policy.fresh_for: "5 minuts" is not ${duration}, or forever or upstream`],
  ['policy: { cooldown: forever }', `1: policy.cooldown.default: "forever" is not ${duration}`],
  ['policy: { require: sha256 }', '1: policy.require: "sha256" is not one of signature, digest, tls, any'],
  [
    'policy: { require: digset }',
    '1: policy.require: "digset" is not one of signature, digest, tls, any; did you mean "digest"?',
  ],
  ['offline: maybe', '1: offline: "maybe" is not true or false'],
  ['listen: "localhost:99999"', '1: listen: "localhost:99999" is not HOST:PORT, or a PORT'],
  ['base_url: mirror', '1: base_url: "mirror" is not an http or https address'],
  ['base_url: "https://u:p@x.example.org"', '1: base_url: the address holds a user or password'],
  [
    'keep: { max_size: 10G }',
    '1: keep.max_size: "10G" is not a size such as 500MB or 10GiB, or forever or never or none',
  ],
  ['publish: { base_url: "https://x.example.org" }', '1: publish.base_url: needs publish.directory'],
  // zero
  ['keep: { max_size: 0 }', '1: keep.max_size: "0" would empty or refuse everything; write "none" for no limit'],
  ['keep: { unused_for: 0d }', '1: keep.unused_for: "0d" would empty or refuse everything; write "none" for no limit'],
  ['keep: { latest: 0 }', '1: keep.latest: "0" is not a whole number from 1'],
  ['gc: { every: 0 }', '1: gc.every: "0" leaves no pause; write "never" for no run at all'],
  ['timeouts: { idle: 0 }', '1: timeouts.idle: "0" would refuse everything; write a longer one'],
  // policy
  [
    'policy: { cooldown: { ecosystems: { crat: 1d } } }',
    '1: policy.cooldown.ecosystems: there is no ecosystem "crat"; did you mean "crate"?',
  ],
  ['policy: { cooldown: { ecosystems: { crate: 1d, cr: 2d } } }', '1: policy.cooldown.ecosystems: "cr" is crate again'],
  [
    'policy: { cooldown: { repositories: { debain: 1d } } }',
    '1: policy.cooldown.repositories: there is no repository "debain"; did you mean "debian"?',
  ],
  [
    'policy: { rules: [{ match: /a }] }',
    '1: policy.rules: the rule for "/a" says nothing; give it policy, fresh_for or expire_after',
  ],
  ['policy: { rules: [{ policy: bypass }] }', '1: policy.rules: a rule needs `match`, a glob such as /dists/**'],
  ['policy:\n  deny:\n    - pkg:crat/x', '3: policy.deny: there is no ecosystem "crat"; did you mean "crate"?'],
  // repositories
  ['repositories:\n  debain: { mount: /x }', '2: there is no built-in repository "debain"; did you mean "debian"?'],
  [
    'repositories:\n  mine: { ecosystem: crat }',
    '2: repositories.mine.ecosystem: there is no ecosystem "crat"; did you mean "crate"?',
  ],
  ['repositories:\n  mine: { ecosystem: cr }', '2: repositories.mine: needs `upstream`, its address'],
  [
    'repositories:\n  constructor: { ecosystem: cr }',
    '2: "constructor" is no name for a repository: small letters, digits, dot, dash, underscore',
  ],
  [
    'repositories:\n  crate: { ecosystem: deb }',
    '2: repositories.crate: that name is built in for crate; choose another one',
  ],
  [repository('upstrem: x'), '3: unknown key "upstrem" in repositories.crate; did you mean "upstream"?'],
  [repository('scops: x'), '3: unknown key "scops" in repositories.crate; did you mean "scopes"?'],
  [
    repository('scopes:\n      - a\n      - [b]'),
    '5: repositories.crate.scopes.1: Invalid type: Expected string but received Array',
  ],
  [repository('upstream: ftp://x'), '3: repositories.crate.upstream: "ftp://x" is not an http or https address'],
  [repository('sources: [crte]'), '3: repositories.crate.sources: there is no other repository "crte" of crate'],
  [
    repository('sources: ["https://a.example.org"]\n    upstream: https://b.example.org'),
    '3: repositories.crate: takes `upstream` or `sources`, not both',
  ],
  [
    repository('sources: [{ from: "https://a.example.org", olny: x }]'),
    '3: unknown key "olny" in repositories.crate.sources; did you mean "only"?',
  ],
  [
    repository('sources: ["https://a.example.org", "https://a.example.org/"]'),
    '3: repositories.crate.sources: names https://a.example.org twice',
  ],
  [repository('mount: /debian'), '2: repositories.crate: is mounted at /debian, and so is debian (built in)'],
  [repository('mount: debian'), '3: repositories.crate.mount: "debian" is not a path such as /npm'],
  [repository('mount: /a/../b'), '3: repositories.crate.mount: "/a/../b" is not a path such as /npm'],
  [repository('mount: /health'), "2: repositories.crate.mount: /health is the mirror's own"],
  [repository('cooldown: { ecosystems: {} }'), '3: unknown key "ecosystems" in repositories.crate.cooldown'],
  [repository('timeouts: { idel: 1s }'), '3: unknown key "idel" in repositories.crate.timeouts; did you mean "idle"?'],
  [repository('credentials: { token: x }'), '3: unknown key "token" in repositories.crate.credentials'],
  [repository('credentials: { username: x }'), '3: repositories.crate.credentials: username and password go together'],
  [
    repository('credentials: { bearer: x, authorization: y }'),
    '3: repositories.crate.credentials: takes one of bearer, username and password, authorization, or headers',
  ],
  [
    repository('credentials: { bearer: "a\\nb" }'),
    '3: repositories.crate.credentials.bearer: is empty or holds a control character',
  ],
  [`${repository('enabled: false')}${packages('a')}`, '5: the repository "crate" is not enabled'],
  // wants
  ['packages: { crat: [a] }', '1: there is no repository "crat"; did you mean "crate"?'],
  [packages('b c'), '3: packages.crate: "b c" is not a package'],
  [packages('{ version: 1 }'), '3: packages.crate: needs `name`'],
  [packages('{ name: a, version: 1, range: 2 }'), '3: packages.crate: version and range say the same; write one'],
  [
    packages('{ name: a, dependencies: false, follow: [b] }'),
    '3: packages.crate: dependencies and follow say the same; write one',
  ],
  [packages('{ name: a, keep: 0 }'), '3: packages.crate.keep: "0" is not a whole number from 1 to 10000'],
  ['roots: [{ suites: [a] }]', '1: roots: needs `repo`, the name of a repository'],
  ['roots: [{ repo: debian, name: a }]', '1: roots: a root has no `name`; list single packages under `packages`'],
  ['platforms:\n  - linux-x46', '2: platforms: "x46" is no cpu that is known; did you mean "x64"?'],
  [
    'platforms: [linux-x64-glibc-9]',
    '1: platforms: "linux-x64-glibc-9" is not of the form os-cpu-libc, such as linux-x64-glibc',
  ],
  ['only: [debain]', '1: only: there is no repository or ecosystem "debain"; did you mean "debian"?'],
  // the document
  [`data: \${NOWHERE}`, '1: the variable NOWHERE is not set'],
  ['- a', '1: a configuration file is a list of `key: value` lines'],
  ['data: !x b', '1: unresolved tag: !x'],
  ['data: !!binary aGk=', '1: the tag tag:yaml.org,2002:binary is not taken; write the plain value'],
  ['lockfiles: &x [*x]', '1: nested more than 32 deep'],
]

for (const [text, message] of bad) {
  test(JSON.stringify(text), async () => assert.equal(await faultOf(text), `one.yaml:${message}`))
}

for (const text of [
  'policy:\n  deny:\n    - left-pad',
  'policy:\n  allow: []\n  cooldown: { packages: { left-pad: 1d } }',
]) {
  test(`names the line of a pattern that is none: ${JSON.stringify(text)}`, async () => {
    assert.match(await faultOf(text), /^one\.yaml:3: policy\.(deny|cooldown\.packages): /)
  })
}

test('names the line of a glob that is none', async () => {
  assert.match(await faultOf('lockfiles:\n  - "[a"'), /^one\.yaml:2: lockfiles: /)
  assert.match(
    await faultOf('policy:\n  rules:\n    - { match: "/[", policy: bypass }'),
    /^one\.yaml:3: policy\.rules\.match: /,
  )
})

test('refuses a document that grows by aliases', async () => {
  const list = (item: string): string => `[${Array(10).fill(item).join(', ')}]`
  const levels = Array.from(
    { length: 8 },
    (_, level) => `k${level}: &a${level} ${list(level === 0 ? 'x' : `*a${level - 1}`)}`,
  )
  assert.match(
    await faultOf(levels.join('\n')),
    /^one\.yaml:\d: more than 100000 values, counting what aliases repeat$/,
  )
})

const elsewhere: readonly (readonly [Given, string])[] = [
  [{ flags: { listen: 'x' } }, '--listen: listen: "x" is not HOST:PORT, or a PORT'],
  [{ env: { PKGMIRROR_RETRIES: '-1' } }, 'PKGMIRROR_RETRIES: retries: "-1" is not a whole number from 0 to 20'],
]
for (const [given, message] of elsewhere) {
  test(`names the flag or variable: ${message}`, async () => assert.equal(await faultOf('', given), message))
}

const contradictions: readonly (readonly [string, string, string])[] = [
  ['data: a', '\ndata: b', 'two.yaml:2: data is "b" here, but "a" at one.yaml:1'],
  [
    'policy: { cooldown: 3d }',
    'policy: { cooldown: { default: 4d } }',
    'two.yaml:1: policy.cooldown.default is "4d" here, but "3d" at one.yaml:1',
  ],
  [
    repository('peers: skip'),
    repository('peers: follow'),
    'two.yaml:3: repositories.crate.peers is "follow" here, but "skip" at one.yaml:3',
  ],
  [
    'proxy: "http://u:secret@a.example.org"',
    'proxy: none',
    'two.yaml:1: proxy is "none" here, but "http://***@a.example.org" at one.yaml:1',
  ],
]
for (const [one, two, message] of contradictions) {
  test(`names both lines: ${message}`, async () => assert.equal(await faultOf([one, two]), message))
}
