// Python's lockfiles: the forms that the corpus does not have, and what is wrong in which line.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Locked, LockFormat } from '../../src/contract.ts'
import { condaEnvironment } from '../../src/lockfiles/conda-environment.ts'
import { condaExplicit } from '../../src/lockfiles/conda-explicit.ts'
import { pdmLock } from '../../src/lockfiles/pdm-lock.ts'
import { pipfileLock } from '../../src/lockfiles/pipfile-lock.ts'
import { poetryLock } from '../../src/lockfiles/poetry-lock.ts'
import { pylock } from '../../src/lockfiles/pylock.ts'
import { requirements } from '../../src/lockfiles/requirements.ts'
import { uvLock } from '../../src/lockfiles/uv-lock.ts'
import { inShort, readAll, rejectsAt } from '../suites/lockfile.ts'

const sha = 'a'.repeat(64)
const short = async (format: LockFormat, text: string): Promise<string[]> =>
  (await readAll(format, 'lock', text)).map(inShort)
const first = async (format: LockFormat, text: string): Promise<Locked> => {
  const [one] = await readAll(format, 'lock', text)
  assert.ok(one !== undefined)
  return one
}

describe('requirements', () => {
  it('tells a pin from a range, and keeps extras and markers', async () => {
    const text = 'A.b_c[x, y] == 1.0 ; python_version < "4"\nd>=1,<2\ne==1.*\nf ~= 2.1\ng (>=3)\nh\ni===1.0+local\n'
    const found = await readAll(requirements, 'lock', text)
    assert.deepEqual(
      found.map(({ name, version, range }) => [name, version, range]),
      [
        ['a-b-c', '1.0', undefined],
        ['d', undefined, '>=1,<2'],
        ['e', undefined, '==1.*'],
        ['f', undefined, '~= 2.1'],
        ['g', undefined, '>=3'],
        ['h', undefined, undefined],
        ['i', '1.0+local', undefined],
      ],
    )
    assert.deepEqual([found[0]?.options, found[0]?.markers], [{ extras: ['x', 'y'] }, 'python_version < "4"'])
  })

  it('joins continued lines and takes every hash', async () => {
    const text = `# about a\na==1.0 \\\n  --hash=sha256:${sha} \\\n  --hash sha256:${'b'.repeat(64)} # why\n`
    const one = await first(requirements, text)
    assert.deepEqual([one.line, one.digests.map(({ digests }) => digests.sha256)], [2, [sha, 'b'.repeat(64)]])
  })

  it('knows sources that are no registry', async () => {
    const text = [
      '-e git+ssh://git@git.example.org/a.git@v1#egg=a-lib',
      '-e ./local/b',
      './wheels/c_lib-1.0-py3-none-any.whl',
      `https://files.example.org/d-2.0.tar.gz#sha256=${sha}`,
      'e @ file:///srv/e-1.0.zip ; sys_platform == "linux"',
      'file:./f',
    ].join('\n')
    assert.deepEqual(await short(requirements, text), [
      'a-lib@- git',
      'b@- workspace',
      'c-lib@- file',
      'd@- url sha256',
      'e@- file',
      'f@- link',
    ])
  })

  it('reads what it is encoded in', async () => {
    const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('a==1.0\r\nb==2.0', 'utf16le')])
    const found = await readAll(requirements, 'lock', marked)
    assert.deepEqual(found.map(inShort), ['a@1.0 registry', 'b@2.0 registry'])
  })

  it('takes an index for the registry of all only when it is the only one', async () => {
    const one = '--index-url=https://a.example.org/simple\nx==1\n'
    assert.equal((await first(requirements, one)).registry, 'https://a.example.org/simple')
    assert.equal((await first(requirements, `--extra-index-url https://b.example.org\n${one}`)).registry, undefined)
  })

  rejectsAt(requirements, [
    ['a comment without a blank before it', 'a==1#b\n', 'lock:1: "a==1#b" is no requirement'],
    ['what is no requirement', 'a==1\n\n<html>\n', 'lock:3: "<html>" is no requirement'],
    ['an option that is none', 'a==1\n--frobnicate\n', 'lock:2: the option --frobnicate is not known'],
    ['a hash that is none', 'a==1 \\\n --hash=sha256:12\n', 'lock:1: "sha256:12" is no digest'],
    ['a file that is not there', '\n-r other.txt\n', 'lock:2: includes other.txt, which is not beside or below lock'],
    [
      'a file from elsewhere',
      '-r https://x.example.org/r.txt',
      'lock:1: includes https://x.example.org/r.txt, which is not read from here',
    ],
  ])
})

describe('uv.lock', () => {
  const lock = (source: string, more = ''): string =>
    `version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "a"\nversion = "1.0"\nsource = { ${source} }\n${more}`

  it('knows every source', async () => {
    const sources = [
      ['git = "https://git.example.org/a?rev=v1#0123"', 'a@1.0 git'],
      ['url = "https://files.example.org/a-1.0.tar.gz"', 'a@1.0 url'],
      ['path = "a-1.0-py3-none-any.whl"', 'a@1.0 file'],
      ['registry = "../wheels"', 'a@1.0 file'],
      ['directory = "libs/a"', 'a@1.0 link'],
      ['editable = "libs/a"', 'a@1.0 workspace'],
      ['virtual = "."', 'a@1.0 workspace'],
    ] as const
    for (const [source, expected] of sources) assert.deepEqual(await short(uvLock, lock(source)), [expected])
  })

  it('names each file, and the registry', async () => {
    const url = 'https://files.example.org/x/a-1.0-py3-none-any.whl'
    const wheels = `wheels = [\n  { url = "${url}", hash = "sha256:${sha}" },\n]\n`
    const one = await first(uvLock, lock('registry = "https://packages.example.org/simple"', wheels))
    assert.equal(one.registry, 'https://packages.example.org/simple')
    assert.deepEqual(one.digests, [{ of: 'file', digests: { sha256: sha }, filename: 'a-1.0-py3-none-any.whl', url }])
  })

  rejectsAt(uvLock, [
    ['a later version', '\nversion = 2\n', 'lock:2: version 2 is not known'],
    ['broken TOML', 'version = 1\n[[package]\n', 'lock:2: is not TOML'],
    ['no source', 'version = 1\n"""x""" = 1', 'lock:2: is not TOML'],
    ['a package without source', 'version = 1\n[[package]]\nname = "a"\n', 'lock:2: a package has no source'],
    [
      'a hash that is none, in a list',
      lock('registry = "https://x.example.org"', 'wheels = [\n  { url = "https://x/a.whl", hash = "md5" },\n]\n'),
      'lock:8: "md5" is no digest',
    ],
  ])
})

describe('poetry.lock', () => {
  it('tells the files of two versions of a name that share a list', async () => {
    const files = ['1.0', '2.0'].map((version) => `  {file = "a-${version}-py3-none-any.whl", hash = "sha256:${sha}"},`)
    const text = [
      ...['1.0', '2.0'].map((version) => `[[package]]\nname = "a"\nversion = "${version}"\n`),
      '[metadata]\nlock-version = "1.1"\n\n[metadata.files]\na = [',
      ...files,
      ']\n',
    ].join('\n')
    const found = await readAll(poetryLock, 'lock', text)
    assert.deepEqual(
      found.map(({ line, digests }) => [line, digests.map(({ filename }) => filename)]),
      [
        [1, ['a-1.0-py3-none-any.whl']],
        [5, ['a-2.0-py3-none-any.whl']],
      ],
    )
  })

  it('reads the hashes of the first versions', async () => {
    const text = `[[package]]\nname = "a"\nversion = "1.0"\n\n[metadata.hashes]\na = ["${sha}"]\n`
    assert.deepEqual(await short(poetryLock, text), ['a@1.0 registry sha256'])
  })

  it('knows sources', async () => {
    const source = (type: string, url: string): string =>
      `[[package]]\nname = "a"\nversion = "1.0"\nfiles = []\n[package.source]\ntype = "${type}"\nurl = "${url}"\nresolved_reference = "01"\n[metadata]\nlock-version = "2.0"\n`
    assert.equal(
      (await first(poetryLock, source('legacy', 'https://x.example.org/simple'))).registry,
      'https://x.example.org/simple',
    )
    assert.equal(
      (await first(poetryLock, source('git', 'https://x.example.org/a.git'))).url,
      'git+https://x.example.org/a.git@01',
    )
    assert.deepEqual(await short(poetryLock, source('url', 'https://x.example.org/a.whl')), ['a@1.0 url'])
    assert.deepEqual(await short(poetryLock, source('directory', '../a')), ['a@1.0 link'])
    assert.deepEqual(await short(poetryLock, source('file', '../a-1.0.tar.gz')), ['a@1.0 file'])
  })

  rejectsAt(poetryLock, [
    ['a later version', '[metadata]\nlock-version = "9.0"\n', 'lock:2: lock-version 9.0 is not known'],
    ['no metadata', '[[package]]\nname = "a"\n', 'lock:1: has no metadata'],
    ['no version', '[metadata]\n[[package]]\nname = "a"\n', 'lock:2: has no version'],
  ])
})

describe('pdm.lock', () => {
  it('knows sources', async () => {
    const text = (more: string): string =>
      `[metadata]\nlock_version = "4.5.0"\n[[package]]\nname = "a"\nversion = "1"\n${more}\n`
    assert.deepEqual(await short(pdmLock, text('git = "https://x.example.org/a"\nrevision = "01"')), ['a@1 git'])
    assert.deepEqual(await short(pdmLock, text('path = "./a"\neditable = true')), ['a@1 workspace'])
    assert.deepEqual(await short(pdmLock, text('url = "https://x.example.org/a.whl"')), ['a@1 url'])
  })

  rejectsAt(pdmLock, [['a later version', '[metadata]\nlock_version = "9"\n', 'lock:2: lock_version 9 is not known']])
})

describe('pylock.toml', () => {
  it('knows sources', async () => {
    const text = (more: string): string => `lock-version = "1.0"\n[[packages]]\nname = "a"\n${more}\n`
    const vcs = '[packages.vcs]\ntype = "git"\nurl = "https://x.example.org/a"\ncommit-id = "01"'
    const archive = `[packages.archive]\nurl = "https://x.example.org/a-1.zip"\nhashes = { sha256 = "${sha}" }`
    assert.equal((await first(pylock, text(vcs))).url, 'git+https://x.example.org/a@01')
    assert.deepEqual(await short(pylock, text(archive)), ['a@- url sha256'])
    assert.deepEqual(await short(pylock, text('[packages.directory]\npath = "."\neditable = true')), ['a@- workspace'])
  })

  rejectsAt(pylock, [['a later version', 'lock-version = "2.0"\n', 'lock:1: lock-version 2.0 is not known']])
})

describe('Pipfile.lock', () => {
  const lock = (packages: object): string =>
    JSON.stringify({
      _meta: { 'pipfile-spec': 6, sources: [{ name: 'corp', url: 'https://x.example.org/simple' }] },
      default: packages,
    })

  it('knows sources and extras', async () => {
    const found = await readAll(
      pipfileLock,
      'lock',
      lock({
        a: { git: 'https://x.example.org/a', ref: '01' },
        b: { version: '==1.0', index: 'corp', extras: ['x'] },
        c: { path: '.', editable: true },
      }),
    )
    assert.deepEqual(found.map(inShort), ['a@- git', 'b@1.0 registry', 'c@- workspace'])
    assert.deepEqual([found[1]?.registry, found[1]?.options], ['https://x.example.org/simple', { extras: ['x'] }])
  })

  rejectsAt(pipfileLock, [
    ['another version', '{"_meta": {\n"pipfile-spec": 5}}', 'lock:2: pipfile-spec 5 is not known'],
    ['broken JSON', '{\n"_meta": {\n', 'lock:3: is not JSON'],
  ])
})

describe("conda's lists", () => {
  rejectsAt(condaExplicit, [
    ['an address that is none', '@EXPLICIT\nnumpy\n', 'lock:2: "numpy" is no address of a conda package'],
    ['no list', '# x\n', 'lock:1: has no @EXPLICIT'],
  ])
  rejectsAt(condaEnvironment, [
    ['broken YAML', 'dependencies:\n  - a\n - b: [\n', 'lock:3: is not YAML'],
    ['another manager', 'dependencies:\n  - npm: [a]\n', 'lock:2: dependencies for npm are not known'],
    ['no dependencies', 'name: x\n', 'lock:1: has no dependencies'],
  ])
})

describe('pdm.lock', () => {
  it('has the local labels of versions in the names of files alone', async () => {
    const file = (name: string): string => `{file = "${name}", hash = "sha256:${sha}"}`
    const names = [
      'a_b-1.0+cpu-py3-none-any.whl',
      'a_b-1.0+cu.118-py3-none-any.whl',
      'a_b-1.0.tar.gz',
      'a_b-1.0+cpu.tar.gz',
    ]
    const text = `[metadata]\nlock_version = "4.5.0"\n[[package]]\nname = "a-b"\nversion = "1.0"\nfiles = [${names.map(file).join(', ')}]\n`
    assert.deepEqual(
      (await readAll(pdmLock, 'lock', text)).map(({ version, digests }) => [version, digests.length]),
      [
        ['1.0+cpu', 2],
        ['1.0+cu.118', 1],
        ['1.0', 1],
      ],
    )
  })
})
