// What documents say that they are, when their place was forgotten.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyEcosystem } from '../../src/contract.ts'
import { ecosystems } from '../../src/ecosystems/index.ts'

const upstream = 'https://registry.example.org'
function pathsOf(id: string, text: string): readonly string[] {
  const ecosystem = (ecosystems as readonly AnyEcosystem[]).find((one) => one.id === id)
  const options = { suites: [] }
  const repo = { name: id, upstreams: [upstream], options }
  return (ecosystem?.recognise?.(Buffer.from(text), repo) ?? []).map(({ path }) => path)
}

const packument = (name: unknown, tarball = `${upstream}/a/-/a-1.0.0.tgz`): string =>
  JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { dist: { tarball } } } })

test('a packument is that of the package it names, in the registry whose tarballs it has', () => {
  assert.deepEqual(pathsOf('npm', packument('@acme/kit')), ['/@acme/kit'])
  assert.deepEqual(pathsOf('npm', packument('kit', 'https://elsewhere.example.org/a.tgz')), [])
  assert.deepEqual(pathsOf('npm', packument('../kit')), [])
  assert.deepEqual(pathsOf('npm', packument(7)), [])
  assert.deepEqual(pathsOf('npm', JSON.stringify({ keys: [{ keyid: 'SHA256:x' }] })), ['/-/npm/v1/keys'])
  assert.deepEqual(pathsOf('npm', JSON.stringify({ keys: [{ keyid: 'SHA256:x' }], name: 'x' })), [])
})

test('a page of PyPI is that of the project it names', () => {
  const page = { meta: { 'api-version': '1.1' }, name: 'Zope.Interface', files: [] }
  assert.deepEqual(pathsOf('pypi', JSON.stringify(page)), ['/simple/zope-interface/'])
  assert.deepEqual(pathsOf('pypi', JSON.stringify({ ...page, name: '../x' })), [])
  assert.deepEqual(pathsOf('pypi', JSON.stringify({ ...page, meta: {} })), [])
})

test('an index file of Cargo is that of the crate in its first line', () => {
  const line = JSON.stringify({
    name: 'Serde',
    vers: '1.0.0',
    deps: [],
    cksum: 'a'.repeat(64),
    features: {},
    yanked: false,
  })
  assert.deepEqual(pathsOf('cargo', `${line}\n`), ['/se/rd/serde'])
  assert.deepEqual(pathsOf('cargo', line.replace('Serde', '../x')), [])
  assert.deepEqual(pathsOf('cargo', JSON.stringify({ dl: 'https://x.example.org', api: 'y' })), ['/config.json'])
  assert.deepEqual(pathsOf('cargo', JSON.stringify({ dl: 'https://x.example.org', more: 1 })), [])
})

test('anything else is nothing', () => {
  for (const text of ['', '{', '{}', '[]', 'null', '\0\0', '<html>', '{"name":"x"}'])
    for (const { id } of ecosystems) assert.deepEqual(pathsOf(id, text), [], `${id} ${text}`)
})
