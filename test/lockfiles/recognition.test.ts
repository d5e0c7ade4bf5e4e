// Names that are used for more than one format, beginnings that are like those of others, and the older forms that tools wrote.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gradleLockfile } from '../../src/lockfiles/gradle-lockfile.ts'
import { recognise } from '../../src/lockfiles/index.ts'
import { mixLock } from '../../src/lockfiles/mix-lock.ts'
import { projectAssets } from '../../src/lockfiles/project-assets.ts'
import { inShort, readAll } from '../suites/lockfile.ts'

const of = (name: string, text: string): string | undefined => recognise(name, Buffer.from(text))?.id

describe('a format is recognised', () => {
  it('by the beginning where its name is used for another', () => {
    const spdx = '{"spdxVersion": "SPDX-2.3", "packages": []}'
    assert.equal(of('.app.spdx', spdx), 'spdx')
    assert.equal(of('bom.json', spdx), 'spdx')
    assert.equal(of('.app.spdx', 'SPDXVersion: SPDX-2.3\n'), 'spdx-tags')
  })

  it('by its name where the beginning tells nothing', () => {
    assert.equal(of('package-lock.json', '<html>'), 'package-lock')
    assert.equal(of('requirements.txt', ''), 'requirements')
  })

  it('not by lines that are only like its own', () => {
    assert.equal(
      of('installed', 'C:Q1/JgpM8J6DWI=\nP:alpine-baselayout\nV:3.4.0-r0\np:so:libc.musl-x86_64.so.1=1\n'),
      undefined,
    )
    assert.equal(of('Modelfile', 'FROM llama3.2\nPARAMETER temperature 1\n'), undefined)
    assert.equal(of('copyright', 'This package was made by many people.\nFrom the\n'), undefined)
    assert.equal(of('Brewfile.lock.json', '{"entries": {}}'), undefined)
    assert.equal(of('image', '# syntax=docker/dockerfile:1\n\nARG V=1\nFROM base:1 AS x\nRUN x\n'), 'dockerfile')
  })
})

it('mix.lock of before Elixir 1.5 begins and ends within its lines', async () => {
  const digest = 'a'.repeat(64)
  const text = `%{"cowboy": {:hex, :cowboy, "1.0.4", "${digest}", [:make], []},\n  "plug": {:hex, :plug, "1.1.6", "${digest}", [:mix], []}}\n`
  const found = await readAll(mixLock, 'mix.lock', text)
  assert.deepEqual(
    found.map(({ name, version }) => `${name}@${version}`),
    ['cowboy@1.0.4', 'plug@1.1.6'],
  )
  await assert.rejects(readAll(mixLock, 'mix.lock', 'hello\n'), { code: 'LOCKFILE' })
})

it('gradle.lockfile may have blanks among its configurations', async () => {
  const [found] = await readAll(
    gradleLockfile,
    'gradle.lockfile',
    'org.example:a:1.0=compileClasspath, runtimeClasspath\n',
  )
  assert.deepEqual(
    [found && inShort(found), found?.markers],
    ['org.example:a@1.0 registry', 'compileClasspath,runtimeClasspath'],
  )
})

it('project.assets.json without its packages is an error, not nothing', async () => {
  await assert.rejects(readAll(projectAssets, 'lock', '{"version": 3, "targets": {"net8.0": {"a/1.0.0": {}}}}'), {
    code: 'LOCKFILE',
  })
})
