// What a sync holds: releases by platform and Python, extras, early and yanked releases, sources with what builds them.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Platform, Selector } from '../../../src/contract.ts'
import { pypi } from '../../../src/ecosystems/pypi/index.ts'
import { openTestMirror } from '../../builders/mirror.ts'
import { startUpstream } from '../../fakes/upstream.ts'
import { type Described, jsonPage, type Listed, type Made, sdist, sha256, wheel } from './builders.ts'

type Project = readonly (readonly [made: Made, more?: Partial<Listed>])[]

const release = (name: string, version: string, described: Described = {}): readonly [Made, Partial<Listed>] => [
  wheel(name, version, described),
  described.python === undefined ? {} : { python: described.python },
]

async function mirrorOf(t: TestContext, projects: Readonly<Record<string, Project>>, options: object = {}) {
  const up = await startUpstream()
  t.after(() => up.close())
  for (const [name, files] of Object.entries(projects)) {
    const listed = files.map(([made, more]) => ({
      file: made.file,
      url: `/packages/${made.file}`,
      hashes: { sha256: sha256(made.bytes) },
      ...(made.metadata === undefined ? {} : { metadata: { sha256: sha256(made.metadata) } }),
      ...more,
    }))
    up.set(`/simple/${name}/`, { body: jsonPage(name, listed), type: 'application/vnd.pypi.simple.v1+json' })
    for (const [made] of files) {
      up.set(`/packages/${made.file}`, { body: made.bytes })
      if (made.metadata !== undefined) up.set(`/packages/${made.file}.metadata`, { body: made.metadata })
    }
  }
  const at = await openTestMirror({
    repositories: [{ ecosystem: 'pypi', upstreams: [`${up.url}/simple`], options }],
    ecosystems: [pypi],
  })
  t.after(() => at.close())
  return { up, at }
}

const linux: Platform = { os: 'linux', cpu: 'x64', libc: 'glibc', python: '3.11' }

/** The files that a sync holds, and what it says of the rest. */
async function held(
  t: TestContext,
  projects: Readonly<Record<string, Project>>,
  wants: readonly (string | Selector)[],
  { platforms = [linux], options = {} }: { readonly platforms?: readonly Platform[]; readonly options?: object } = {},
): Promise<{ readonly files: readonly string[]; readonly faults: readonly string[] }> {
  const { at } = await mirrorOf(t, projects, options)
  const { items, faults } = await at.sync(wants, { platforms })
  const files = items.map(({ path }) => path).filter((path) => path.startsWith('/files/'))
  return {
    files: files.map((path) => path.split('/')[3] ?? '').sort(),
    faults: faults.map(({ error }) => error.message),
  }
}

const from = { file: 'test.lock', line: 3 }

describe('a closure', () => {
  it('follows requirements whose markers concern a platform', async (t) => {
    const requires = [
      'always>=1',
      'linux-only; sys_platform == "linux"',
      'windows-only; sys_platform == "win32"',
      'old-python; python_version < "3.9"',
      'extra-one; extra == "one"',
      'extra-two; extra == "two"',
    ]
    const projects = {
      app: [release('app', '1.0', { requires, extras: ['one', 'two'] })],
      ...Object.fromEntries(
        ['always', 'linux-only', 'windows-only', 'old-python', 'extra-one', 'extra-two'].map((name) => [
          name,
          [release(name, '1.0')],
        ]),
      ),
    }
    const { files, faults } = await held(t, projects, ['app[one]'])
    assert.deepEqual(files, [
      'always-1.0-py3-none-any.whl',
      'app-1.0-py3-none-any.whl',
      'extra_one-1.0-py3-none-any.whl',
      'linux_only-1.0-py3-none-any.whl',
    ])
    assert.deepEqual(faults, [])
    assert.equal((await held(t, projects, ['app[one,two]'], { platforms: [] })).files.length, 7)
    const other = { name: 'app', options: { extras: ['two'] }, follow: [], from }
    assert.deepEqual((await held(t, projects, [other])).files, ['app-1.0-py3-none-any.whl'])
  })

  it('holds for each platform the newest release that it can use, and every wheel that fits', async (t) => {
    const tags = (...all: readonly string[]) => all.map((one) => release('num', '2.0', { tags: one, python: '>=3.11' }))
    const projects = {
      num: [
        release('num', '1.0', { tags: 'cp39-cp39-manylinux2014_x86_64', python: '>=3.8' }),
        release('num', '1.0', { tags: 'cp311-cp311-manylinux2014_x86_64', python: '>=3.8' }),
        ...tags('cp311-cp311-manylinux2014_x86_64', 'cp311-cp311-manylinux_2_28_x86_64'),
        ...tags('cp311-cp311-musllinux_1_2_x86_64', 'cp312-cp312-win_amd64', 'cp312-cp312-macosx_11_0_universal2'),
      ],
    }
    const platforms = [linux, { ...linux, python: '3.9' }, { os: 'darwin', cpu: 'arm64', python: '3.12' }]
    const { files } = await held(t, projects, ['num'], { platforms })
    assert.deepEqual(files, [
      'num-1.0-cp39-cp39-manylinux2014_x86_64.whl',
      'num-2.0-cp311-cp311-manylinux2014_x86_64.whl',
      'num-2.0-cp311-cp311-manylinux_2_28_x86_64.whl',
      'num-2.0-cp312-cp312-macosx_11_0_universal2.whl',
    ])
    assert.equal((await held(t, projects, ['num'], { platforms: [] })).files.length, 5)
  })

  it('holds what each want takes alone, and what all take together', async (t) => {
    const projects = {
      one: [release('one', '1.0', { requires: ['shared>=1,<3'] })],
      two: [release('two', '1.0', { requires: ['shared!=2.9,>=2'] })],
      shared: ['1.0', '2.0', '2.8', '2.9', '5.0'].map((version) => release('shared', version)),
    }
    const { files } = await held(t, projects, ['one', 'two'])
    assert.deepEqual(
      files.filter((file) => file.startsWith('shared')),
      ['shared-2.8-py3-none-any.whl', 'shared-2.9-py3-none-any.whl', 'shared-5.0-py3-none-any.whl'],
    )
  })

  it('meets wants that do not fit together each by itself', async (t) => {
    const projects = {
      a: [release('a', '1.0', { requires: ['lib<2', 'b'] })],
      b: [release('b', '1.0', { requires: ['lib!=1.9'] })],
      c: [release('c', '1.0', { requires: ['lib>=2'] })],
      lib: ['1.8', '1.9', '2.0'].map((version) => release('lib', version)),
    }
    const { files } = await held(t, projects, ['a', 'c'])
    assert.deepEqual(
      files.filter((file) => file.startsWith('lib')),
      ['lib-1.8-py3-none-any.whl', 'lib-2.0-py3-none-any.whl'],
    )
  })

  it('goes back to an older release where the newest needs what does not go together', async (t) => {
    const projects = {
      app: [
        release('app', '1.0', { requires: ['lib', 'tool'] }),
        release('app', '2.0', { requires: ['lib>=2', 'tool[more]'] }),
        release('app', '3.0', { requires: ['gone'] }),
      ],
      tool: [release('tool', '1.0', { requires: ['lib<2; extra == "more"'], extras: ['more'] })],
      lib: ['1.0', '2.0'].map((version) => release('lib', version)),
    }
    const { files, faults } = await held(t, projects, ['app'])
    assert.deepEqual(files, ['app-1.0-py3-none-any.whl', 'lib-2.0-py3-none-any.whl', 'tool-1.0-py3-none-any.whl'])
    assert.deepEqual(faults, [])
  })

  it('resolves together as many wants as go together', async (t) => {
    const projects = {
      a: [release('a', '1.0', { requires: ['lib<3'] })],
      b: [release('b', '1.0', { requires: ['lib!=2.0'] })],
      c: [release('c', '1.0', { requires: ['lib>=3'] })],
      lib: ['1.0', '2.0', '3.0', '4.0'].map((version) => release('lib', version)),
    }
    const { files, faults } = await held(t, projects, ['a', 'b', 'c'])
    // alone: a takes 2.0, b and c 4.0; a and b together 1.0
    assert.deepEqual(
      files.filter((file) => file.startsWith('lib')).map((file) => file.split('-')[1]),
      ['1.0', '2.0', '4.0'],
    )
    assert.deepEqual(faults, [])
  })

  it('names the requirements that leave no solution', async (t) => {
    const projects = {
      app: [
        release('app', '1.0', { requires: ['left', 'right'] }),
        release('app', '1.1', { requires: ['left', 'right'] }),
      ],
      left: [release('left', '1.0', { requires: ['lib<2'] })],
      right: [release('right', '1.0', { requires: ['lib>=2'] })],
      lib: ['1.0', '2.0'].map((version) => release('lib', version)),
    }
    const { files, faults } = await held(t, projects, ['app'])
    assert.deepEqual(files, ['app-1.1-py3-none-any.whl'])
    assert.equal(faults.length, 1)
    for (const part of ['left 1.0 requires lib <2', 'right 1.0 requires lib >=2', 'ask for another version'])
      assert.ok(faults[0]?.includes(part), faults[0])
  })

  it('tries out what no platform decides', async (t) => {
    const projects = {
      app: [
        release('app', '1.0', { requires: ['lib<2; python_version < "3.9"', 'lib; python_version >= "3.9"', 'win'] }),
      ],
      win: [release('win', '1.0', { requires: ['api<2; sys_platform == "win32"', 'api>=2; sys_platform != "win32"'] })],
      lib: ['1.0', '2.0'].map((version) => release('lib', version, version === '2.0' ? { requires: ['api'] } : {})),
      api: ['1.0', '2.0'].map((version) => release('api', version)),
    }
    const { files, faults } = await held(t, projects, ['app'], { platforms: [] })
    assert.deepEqual(faults, [])
    assert.deepEqual(
      files.map((file) => file.split('-').slice(0, 2).join(' ')),
      ['api 1.0', 'api 2.0', 'app 1.0', 'lib 1.0', 'lib 2.0', 'win 1.0'],
    )
    const some = await held(t, projects, ['app'], { platforms: [{ os: 'linux', python: '3.8' }] })
    assert.deepEqual(
      some.files.map((file) => file.split('-').slice(0, 2).join(' ')),
      ['api 2.0', 'app 1.0', 'lib 1.0', 'win 1.0'],
    )
  })

  it('goes round circles of requirements and extras', async (t) => {
    const projects = {
      a: [release('a', '1.0', { requires: ['b', 'a[more]', 'c; extra == "more"'], extras: ['more'] })],
      b: [release('b', '1.0', { requires: ['a[more]>=1'] })],
      c: [release('c', '1.0')],
    }
    const { files } = await held(t, projects, ['b'])
    assert.deepEqual(files, ['a-1.0-py3-none-any.whl', 'b-1.0-py3-none-any.whl', 'c-1.0-py3-none-any.whl'])
  })

  it('takes early releases where a range names one or there is no other, and yanked ones where they are pinned', async (t) => {
    const projects = {
      kit: [release('kit', '1.0'), release('kit', '2.0rc1'), [wheel('kit', '1.5'), { yanked: 'broken' }] as const],
      beta: [release('beta', '1.0b1'), release('beta', '1.0b2')],
    }
    const only = async (want: string) => (await held(t, projects, [want])).files.map((file) => file.split('-')[1])
    assert.deepEqual(await only('kit'), ['1.0'])
    assert.deepEqual(await only('kit>=2.0rc1'), ['2.0rc1'])
    assert.deepEqual(await only('kit==1.5'), ['1.5'])
    assert.deepEqual(await only('kit<=1.5'), ['1.0'])
    assert.deepEqual(await only('beta'), ['1.0b2'])
  })

  it('keeps as many releases as asked', async (t) => {
    const projects = { kit: ['1.0', '1.1', '1.2', '2.0'].map((version) => release('kit', version)) }
    const { files } = await held(t, projects, [{ name: 'kit', range: '<2', keep: 2, from }])
    assert.deepEqual(
      files.map((file) => file.split('-')[1]),
      ['1.1', '1.2'],
    )
  })

  it('holds a source where no wheel fits, with what builds it and what it needs', async (t) => {
    const source = await sdist(
      'old',
      '1.0',
      {
        'PKG-INFO': 'Metadata-Version: 1.1\nName: old\nVersion: 1.0\n',
        'pyproject.toml': '[build-system]\nrequires = ["builder>=1"]\n',
        'old.egg-info/requires.txt': 'needs\n\n[:python_version < "3"]\nancient\n\n[more]\nextra\n',
      },
      {},
    )
    const projects = {
      old: [[source], [wheel('old', '1.0', { tags: 'cp39-cp39-win_amd64' })]] as Project,
      builder: [release('builder', '1.0', { requires: ['build-base'] })],
      'build-base': [release('build-base', '1.0')],
      needs: [release('needs', '1.0')],
      extra: [release('extra', '1.0')],
    }
    const settled = { ...projects, old: [[await sdist('old', '1.0', {}, { requires: ['needs'] })]] as Project }
    const { files, faults } = await held(t, projects, ['old[more]'])
    assert.deepEqual(files, [
      'build_base-1.0-py3-none-any.whl',
      'builder-1.0-py3-none-any.whl',
      'extra-1.0-py3-none-any.whl',
      'needs-1.0-py3-none-any.whl',
      'old-1.0.tar.gz',
    ])
    assert.deepEqual(faults, [])
    const usual = await held(t, settled, ['old'])
    assert.deepEqual(usual.files, ['needs-1.0-py3-none-any.whl', 'old-1.0.tar.gz'])
    assert.deepEqual(usual.faults, [
      'setuptools: the index has no such project',
      'wheel: the index has no such project',
    ])
    const apart = await held(t, projects, [{ name: 'old', follow: [], from }])
    assert.deepEqual(apart.files, ['build_base-1.0-py3-none-any.whl', 'builder-1.0-py3-none-any.whl', 'old-1.0.tar.gz'])
    const never = await held(t, projects, ['old'], { options: { sdists: 'never' } })
    assert.match(never.faults[0] ?? '', /^old: no allowed release has a file for linux-x64-glibc-Python 3\.11$/)
    const always = await held(t, projects, [{ name: 'needs', options: { sdists: 'always' }, from }, 'old'], {
      platforms: [{ os: 'win32', cpu: 'x64', python: '3.9' }],
      options: { sdists: 'always' },
    })
    assert.ok(always.files.includes('old-1.0.tar.gz') && always.files.includes('old-1.0-cp39-cp39-win_amd64.whl'))
  })

  it('reads the metadata of wheels of one release that say different things', async (t) => {
    const projects = {
      torch: [
        release('torch', '1.0', { tags: 'cp311-cp311-manylinux2014_x86_64', requires: ['cuda'] }),
        release('torch', '1.0', { tags: 'cp311-cp311-manylinux_2_28_x86_64', requires: ['rocm'] }),
      ],
      cuda: [release('cuda', '1.0')],
      rocm: [release('rocm', '1.0')],
    }
    assert.equal((await held(t, projects, ['torch'])).files.length, 4)
  })

  it('takes metadata out of the wheel where upstream lacks it', async (t) => {
    const { up, at } = await mirrorOf(t, {
      app: [release('app', '1.0', { requires: ['lib'] })],
      lib: [release('lib', '1.0')],
    })
    up.remove('/packages/app-1.0-py3-none-any.whl.metadata')
    const { items } = await at.sync(['app'], { platforms: [linux] })
    assert.ok(items.some(({ path }) => path === '/files/lib/lib-1.0-py3-none-any.whl'))
  })

  it('holds of a lockfile’s project the files that it names, and no others', async (t) => {
    const one = wheel('kit', '1.0.0', { tags: 'cp311-cp311-manylinux2014_x86_64' })
    const two = wheel('kit', '1.0.0', { tags: 'cp312-cp312-manylinux2014_x86_64' })
    const source = await sdist('kit', '1.0.0', { 'pyproject.toml': '[build-system]\nrequires = []' })
    const projects = { kit: [[one], [two], [source], release('kit', '2.0')] as Project }
    const locked = (...made: readonly Made[]): Selector => ({
      name: 'kit',
      range: pypi.versions.exact('1.0'),
      digests: made.map(({ bytes }) => ({ sha256: sha256(bytes) })),
      follow: [],
      from,
    })
    assert.deepEqual((await held(t, projects, [locked(one, two, source)])).files, [one.file])
    assert.deepEqual((await held(t, projects, [locked(one, two, source)], { platforms: [] })).files, [
      one.file,
      two.file,
    ])
    assert.deepEqual((await held(t, projects, [locked(source)])).files, [source.file])
    const wrong = { ...locked(one), digests: [{ sha256: '0'.repeat(64) }] }
    const { faults } = await held(t, projects, [wrong])
    assert.match(faults[0] ?? '', /different digests/)
  })

  it('tells what cannot be had, and goes on', async (t) => {
    const projects = {
      app: [release('app', '1.0', { requires: ['missing>=1', 'lib>9', 'git @ https://example.org/x.zip', 'bad ~ 1'] })],
      lib: [release('lib', '1.0')],
    }
    const { files, faults } = await held(t, projects, ['app', 'nothing'])
    assert.deepEqual(files, ['app-1.0-py3-none-any.whl'])
    assert.deepEqual(faults.toSorted(), [
      'app: app 1.0 requires "bad ~ 1": "~ 1" is no specifier of a version',
      'git: app 1.0 requires it from an address, not from an index',
      'lib: no allowed release is >9; the newest are 1.0',
      'missing: the index has no such project',
      'nothing: the index has no such project',
    ])
  })

  it('goes on when one page is broken, and tells of it at the end', async (t) => {
    const { up, at } = await mirrorOf(t, { good: [release('good', '1.0')], bad: [release('bad', '1.0')] })
    up.set('/simple/bad/', { body: 'not a page' })
    const { items, codes } = await at.sync(['bad', 'good'], { platforms: [linux] })
    assert.deepEqual(codes, ['UNREADABLE'])
    assert.ok(items.some(({ path }) => path.startsWith('/files/good/')))
  })

  it('refuses what it cannot follow', async (t) => {
    const { faults } = await held(t, {}, [{ name: 'kit', follow: ['dev'], from }])
    assert.match(faults[0] ?? '', /no "dev" to follow/)
  })
})
