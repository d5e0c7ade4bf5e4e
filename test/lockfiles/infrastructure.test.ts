// Lockfiles of infrastructure, bills of materials and images: forms that the corpus does not have, and wrong lines.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { apkoLock } from '../../src/lockfiles/apko-lock.ts'
import { berksfileLock } from '../../src/lockfiles/berksfile-lock.ts'
import { compose } from '../../src/lockfiles/compose.ts'
import { cyclonedx } from '../../src/lockfiles/cyclonedx.ts'
import { dockerfile } from '../../src/lockfiles/dockerfile.ts'
import { flakeLock } from '../../src/lockfiles/flake-lock.ts'
import { githubWorkflow } from '../../src/lockfiles/github-workflow.ts'
import { gitlabCi } from '../../src/lockfiles/gitlab-ci.ts'
import { helmLock } from '../../src/lockfiles/helm-lock.ts'
import { fromImage } from '../../src/lockfiles/image.ts'
import { kubernetes } from '../../src/lockfiles/kubernetes.ts'
import { kustomization } from '../../src/lockfiles/kustomization.ts'
import { packageLists } from '../../src/lockfiles/package-lists.ts'
import { policyfileLock } from '../../src/lockfiles/policyfile-lock.ts'
import { fromPurl } from '../../src/lockfiles/purl-entry.ts'
import { rpmsLock } from '../../src/lockfiles/rpms-lock.ts'
import { spdx } from '../../src/lockfiles/spdx.ts'
import { spdxTags } from '../../src/lockfiles/spdx-tags.ts'
import { terraformLock } from '../../src/lockfiles/terraform-lock.ts'
import { inShort, readAll, rejectsAt } from '../suites/lockfile.ts'

const at = { file: 'lock', line: 1 }
const sha = 'a'.repeat(64)

describe("infrastructure's lockfiles", () => {
  rejectsAt(helmLock, [['another document', 'a: b\n', 'lock:1: has no dependencies']])
  rejectsAt(terraformLock, [
    ['another text', 'hello\n', 'lock:1: stands in no provider'],
    ['a provider without end', '\nprovider "a/b/c" {\n', 'lock:2: the provider does not end'],
    [
      'a hash that is none',
      'provider "a/b/c" {\nhashes = [\n"md5:1",\n]\n}\n',
      'lock:3: "md5:1" is no hash of a provider',
    ],
  ])
  rejectsAt(berksfileLock, [
    ['another text', 'hello\n', 'lock:1: is no part of a lockfile'],
    ['a cookbook without version', 'GRAPH\n  apt\n', 'lock:2: apt has no version'],
  ])
  rejectsAt(policyfileLock, [['another document', '{}', 'lock:1: has no cookbook_locks']])
  rejectsAt(flakeLock, [['a later version', '{\n"version": 99}', 'lock:2: version 99 is not known']])
  rejectsAt(rpmsLock, [['a later version', 'lockfileVersion: 9\n', 'lock:1: lockfileVersion 9 is not known']])
  rejectsAt(apkoLock, [['a later version', '{"version": "v9"}', 'lock:1: is not of version v1']])

  const [apk, apt, pacman] = packageLists
  it('takes pins and wishes of lists apart', async () => {
    assert.ok(apk !== undefined && apt !== undefined && pacman !== undefined)
    const read = async (format: typeof apk, text: string) =>
      (await readAll(format, 'lock', text)).map(({ name, version, range, markers }) => [name, version, range, markers])
    assert.deepEqual(await read(apk, 'a=1.0-r0\nb~1\nc@edge\nd>=2 # why\n'), [
      ['a', '1.0-r0', undefined, undefined],
      ['b', undefined, '~1', undefined],
      ['c', undefined, undefined, undefined],
      ['d', undefined, '>=2', undefined],
    ])
    assert.deepEqual(await read(apt, 'liba:amd64=1:2.0-1~x\nlibb\n'), [
      ['liba', '1:2.0-1~x', undefined, 'amd64'],
      ['libb', undefined, undefined, undefined],
    ])
    assert.deepEqual(await read(pacman, 'a 1:2.0-1\nb\n'), [
      ['a', '1:2.0-1', undefined, undefined],
      ['b', undefined, undefined, undefined],
    ])
  })
})

describe('bills of materials', () => {
  it('map package URLs to ecosystems', () => {
    const short = (text: string): unknown[] => {
      const { ecosystem, name, version, source, url, registry, options, markers } = fromPurl(at, text, [])
      return [ecosystem, name, version, source, url, registry, options, markers].filter((one) => one !== undefined)
    }
    const cases: readonly (readonly [string, readonly unknown[]])[] = [
      ['pkg:npm/%40types/ms@2.1.0', ['npm', '@types/ms', '2.1.0', 'registry']],
      ['pkg:pypi/Typing_Extensions@4', ['pypi', 'typing-extensions', '4', 'registry']],
      ['pkg:golang/github.com/BurntSushi/toml@v1.4.0', ['go', 'github.com/BurntSushi/toml', 'v1.4.0', 'registry']],
      ['pkg:maven/a.b/c@1?classifier=linux&type=jar', ['maven', 'a.b:c', '1', 'registry', { classifier: 'linux' }]],
      ['pkg:gem/x@1?platform=java', ['rubygems', 'x', '1-java', 'registry', 'java']],
      ['pkg:deb/debian/curl@7.88?arch=amd64&distro=bookworm', ['debian', 'curl', '7.88', 'registry', 'amd64']],
      ['pkg:apk/alpine/musl@1.2-r0', ['alpine', 'musl', '1.2-r0', 'registry']],
      [
        'pkg:cargo/serde@1?repository_url=https://r.example.org',
        ['cargo', 'serde', '1', 'registry', 'https://r.example.org'],
      ],
      ['pkg:docker/alpine@3.19', ['oci', 'library/alpine', '3.19', 'registry']],
      [
        `pkg:oci/app@sha256%3A${sha}?repository_url=r.example.org/acme/app&tag=1`,
        ['oci', 'acme/app', `sha256:${sha}`, 'url', 'https://r.example.org/v2/acme/app'],
      ],
      ['pkg:github/acme/x@v1', ['git', 'acme/x', 'v1', 'git', 'git+https://github.com/acme/x#v1']],
      [
        'pkg:generic/x@1?download_url=https://x.example.org/x.tgz',
        ['files', 'x', '1', 'url', 'https://x.example.org/x.tgz'],
      ],
      [
        'pkg:npm/x@1?vcs_url=git%2Bhttps://x.example.org/x.git',
        ['npm', 'x', '1', 'git', 'git+https://x.example.org/x.git'],
      ],
    ]
    for (const [text, expected] of cases) assert.deepEqual(short(text), expected, text)
  })

  it('take checksums of a package URL', () => {
    assert.deepEqual(fromPurl(at, `pkg:npm/x@1?checksum=sha256:${sha}`, []).digests, [
      { of: 'file', digests: { sha256: sha } },
    ])
  })

  it('read components within components, and pass over what is no package', async () => {
    const inner = {
      type: 'library',
      name: 'b',
      version: '2',
      purl: 'pkg:npm/b@2',
      hashes: [{ alg: 'SHA-256', content: sha }],
    }
    const components = [
      { type: 'library', name: 'a', version: '1', purl: 'pkg:npm/a@1', components: [inner] },
      { type: 'operating-system', name: 'debian', version: '12' },
    ]
    const text = JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.7',
      metadata: { component: { name: 'app', components: [{ type: 'library', name: 'c' }] } },
      components,
    })
    assert.deepEqual((await readAll(cyclonedx, 'lock', text)).map(inShort), [
      'c@- registry',
      'a@1 registry',
      'b@2 registry sha256',
    ])
  })

  rejectsAt(cyclonedx, [
    ['a later version', '{"bomFormat": "CycloneDX",\n"specVersion": "9.0"}', 'lock:2: specVersion 9.0 is not known'],
    ['another document', '<x/>', 'lock:1: is not of CycloneDX'],
    [
      'a package URL that is none',
      '{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [\n{"name": "a", "purl": "x"}]}',
      'lock:2: "x" is no package URL: Invalid purl: missing required "pkg" scheme component',
    ],
    [
      'a hash that is none',
      '{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [\n{"name": "a", "hashes": [{"alg": "SHA-256", "content": "x"}]}]}',
      'lock:2: "SHA-256:x" is no digest',
    ],
  ])
  rejectsAt(spdx, [['a later version', '{\n"spdxVersion": "SPDX-9"}', 'lock:2: spdxVersion SPDX-9 is not known']])
  rejectsAt(spdxTags, [
    ['a later version', 'SPDXVersion: SPDX-9\n', 'lock:1: SPDXVersion SPDX-9 is not known'],
    ['a line that is none', 'SPDXVersion: SPDX-2.3\n???\n', 'lock:2: is no tag and value'],
    ['a text without end', 'SPDXVersion: SPDX-2.3\nComment: <text>x\n', 'lock:2: the text does not end'],
  ])
})

describe('images', () => {
  it('are understood as clients understand them', () => {
    const short = (text: string): unknown[] => {
      const { ecosystem, name, version, url } = fromImage(at, text)
      return [ecosystem, name, version, url]
    }
    assert.deepEqual(short('alpine'), ['oci', 'library/alpine', 'latest', undefined])
    assert.deepEqual(short('acme/app:1'), ['oci', 'acme/app', '1', undefined])
    assert.deepEqual(short('localhost/x'), ['oci', 'x', 'latest', 'https://localhost/v2/x'])
    assert.deepEqual(short('r.example.org:5000/a/b/c'), [
      'oci',
      'a/b/c',
      'latest',
      'https://r.example.org:5000/v2/a/b/c',
    ])
    assert.deepEqual(short(`alpine:3@sha256:${sha}`), ['oci', 'library/alpine', `sha256:${sha}`, undefined])
    for (const bad of ['', 'UPPER', 'a@sha256:12', `$${'{X}'}`, 'a'.repeat(5000)]) {
      if (bad.length < 5000) assert.equal(fromImage(at, bad).ecosystem, 'unknown', bad)
      else assert.throws(() => fromImage(at, bad), { code: 'LOCKFILE' })
    }
  })

  it('know the escape of a Dockerfile, defaults and alternatives of variables', async () => {
    const text = '# escape=`\nARG A="x"\nARG B=$<A:+with>\nFROM i/$<C:-$<A>> `\n  AS s\nFROM i/$<B>\nFROM S\n'
      .replaceAll('<', '{')
      .replaceAll('>', '}')
    assert.deepEqual((await readAll(dockerfile, 'lock', text)).map(inShort), [
      'i/x@latest registry',
      'i/with@latest registry',
    ])
  })

  rejectsAt(dockerfile, [
    ['another text', 'hello\n', 'lock:1: has no FROM'],
    ['a line that is none', 'FROM a\n???\n', 'lock:2: is no instruction'],
    ['a FROM without image', 'FROM\n', 'lock:1: FROM names no image'],
  ])
  rejectsAt(compose, [['another document', 'a: b\n', 'lock:1: has no services']])
  rejectsAt(kubernetes, [['another document', '---\na: b\n', 'lock:2: has no kind']])
  rejectsAt(kustomization, [['another document', '- a\n', 'lock:1: is no kustomization']])
  rejectsAt(githubWorkflow, [['another document', 'a: b\n', 'lock:1: has no jobs']])
  rejectsAt(gitlabCi, [['another document', '- a\n', 'lock:1: has no jobs']])
})
