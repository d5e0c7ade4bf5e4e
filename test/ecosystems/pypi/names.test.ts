// What names of files and paths mean.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { normalName, projectOf, readFileName, spelling } from '../../../src/ecosystems/pypi/names.ts'
import { fits, type Tags } from '../../../src/ecosystems/pypi/tags.ts'

describe('names of projects and files', () => {
  it('are normalised', () => {
    for (const name of ['Foo.Bar', 'foo-bar', 'FOO_._-bar']) assert.equal(normalName(name), 'foo-bar')
  })

  it('tell version and kind of a file of the project', () => {
    const cases: readonly (readonly [file: string, project: string, version: string | undefined])[] = [
      ['foo-1.0.tar.gz', 'foo', '1.0'],
      ['Foo_Bar-1.0rc1.tar.gz', 'foo-bar', '1.0rc1'],
      ['foo-bar-2.0.zip', 'foo-bar', '2.0'],
      ['foo-1.0-1.tar.bz2', 'foo', '1.0.post1'],
      ['foo_bar-1.0-py3-none-any.whl', 'foo-bar', '1.0'],
      ['foo-1.0+cu121-cp311-cp311-linux_x86_64.whl', 'foo', '1.0+cu121'],
      ['foo-1.0-2build-py2.py3-none-any.whl', 'foo', '1.0'],
      ['foo-1.0-build-py3-none-any.whl', 'foo', undefined],
      ['other-1.0-py3-none-any.whl', 'foo', undefined],
      ['foo-bar-1.0.tar.gz', 'foo', undefined],
      ['foo-2004d.tar.gz', 'foo', undefined],
      ['foo-1.0.win32-py2.4.exe', 'foo', undefined],
      ['foo-1.0-py2.7.egg', 'foo', undefined],
      ['foo-1.0.tar.gz.asc', 'foo', undefined],
      ['../foo-1.0.tar.gz', 'foo', undefined],
      ['.htaccess', 'foo', undefined],
    ]
    for (const [file, project, version] of cases) assert.equal(readFileName(file, project)?.version, version, file)
  })

  it('of files alone tell the project', () => {
    assert.equal(projectOf('Foo_Bar-1.0-py3-none-any.whl'), 'foo-bar')
    assert.equal(projectOf('foo-bar-1.0.tar.gz'), 'foo-bar')
    assert.equal(projectOf('index.html'), undefined)
  })

  it('are spelled in one way', () => {
    const cases: Readonly<Record<string, string>> = {
      '/simple': '/simple/',
      '/simple/': '/simple/',
      '/simple/Foo.Bar/': '/simple/foo-bar/',
      '/simple/Foo.Bar': '/simple/foo-bar',
      '/simple/Foo/json': '/pypi/foo/json',
      '/pypi/Foo/json': '/pypi/foo/json',
      '/pypi/Foo/1.0/json': '/pypi/foo/1.0/json',
      '/Foo/json': '/pypi/foo/json',
      '/Foo/': '/foo/',
      '/files/Foo/Foo-1.0.tar.gz': '/files/foo/Foo-1.0.tar.gz',
      '/packages/ab/cd/ef/Foo_Bar-1.0-py3-none-any.whl': '/files/foo-bar/Foo_Bar-1.0-py3-none-any.whl',
      '/packages/ab/cd/ef/Foo_Bar-1.0-py3-none-any.whl.metadata':
        '/files/foo-bar/Foo_Bar-1.0-py3-none-any.whl.metadata',
      '/packages/source/f/foo/foo-1.0.tar.gz': '/files/foo/foo-1.0.tar.gz',
      '/-/json/foo': '/-/json/foo',
      '/simple/index.html': '/simple/index.html',
    }
    for (const [written, canonical] of Object.entries(cases)) assert.equal(spelling(written), canonical, written)
    for (const canonical of Object.values(cases)) assert.equal(spelling(canonical), canonical)
  })
})

describe('tags of wheels', () => {
  const linux = { os: 'linux', cpu: 'x64', libc: 'glibc', python: '3.11' }
  const musl = { os: 'linux', cpu: 'arm64', libc: 'musl', python: '3.13' }
  const mac = { os: 'darwin', cpu: 'arm64', python: '3.12' }
  const windows = { os: 'win32', cpu: 'x64', python: '3.9' }
  const open = { os: 'linux', cpu: 'x64' }

  const cases: readonly (readonly [tags: string, fit: readonly object[]])[] = [
    ['py3-none-any', [linux, musl, mac, windows, open]],
    ['py2.py3-none-any', [linux, musl, mac, windows, open]],
    ['py2-none-any', []],
    ['py312-none-any', [musl, mac, open]],
    ['cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64', [linux, open]],
    ['cp311-cp311-manylinux1_i686', []],
    ['cp311-cp311-linux_x86_64', [linux, open]],
    ['cp39-abi3-manylinux_2_28_x86_64', [linux, open]],
    ['cp312-abi3-manylinux_2_28_x86_64', [open]],
    ['cp313-cp313-musllinux_1_2_aarch64', [musl]],
    ['cp313-cp313t-musllinux_1_2_aarch64', []],
    ['cp312-cp312-macosx_11_0_universal2', [mac]],
    ['cp312-cp312-macosx_10_9_x86_64', []],
    ['cp38-abi3-macosx_11_0_arm64', [mac]],
    ['cp39-cp39-win_amd64', [windows]],
    ['cp39-cp39-win32', []],
    ['pp310-pypy310_pp73-manylinux_2_17_x86_64', []],
    ['cp311-cp311-unheard_of', []],
    ['cp36.cp37.cp311-none-manylinux2014_x86_64', [linux, open]],
  ]
  for (const [tags, fit] of cases) {
    it(`${tags} fit where they should`, () => {
      for (const platform of [linux, musl, mac, windows, open])
        assert.equal(
          fits(tags.split('-') as unknown as Tags, platform),
          fit.includes(platform),
          JSON.stringify(platform),
        )
    })
  }
})
