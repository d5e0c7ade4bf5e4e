import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traits } from '../../../src/ecosystems/npm/traits.ts'
import { heldVersion } from '../../builders/held-version.ts'

const of = (manifest: object, version = '1.0.0') =>
  traits(
    heldVersion('@a/kit', version, ['/@a/kit/-/kit-1.0.0.tgz'], {
      '/@a/kit': JSON.stringify({ name: '@a/kit', versions: { '0.9.0': { license: 'none' }, '1.0.0': manifest } }),
    }),
  )

test('licence, maintainers and what runs at installation are those of the version', async () => {
  const manifest = {
    license: 'MIT',
    maintainers: [{ name: 'zoe', email: 'zoe@example.org' }, { name: 'adam' }],
    _npmUser: { name: 'robot' },
    scripts: { test: 'node test', postinstall: 'node install.js', preinstall: 'echo' },
  }
  assert.deepEqual(await of(manifest), {
    licence: 'MIT',
    scripts: ['preinstall: echo', 'postinstall: node install.js'],
    maintainers: ['adam', 'robot', 'zoe'],
  })
})

test('old forms of a licence, and scripts that are only implied, are understood', async () => {
  assert.deepEqual(await of({ licenses: [{ type: 'MIT' }, { type: 'BSD' }], gypfile: true }), {
    licence: 'MIT OR BSD',
    scripts: ['install: node-gyp rebuild'],
  })
  assert.deepEqual(
    await of({ license: { type: 'ISC' }, hasInstallScript: true, maintainers: ['eve <eve@example.org>'] }),
    {
      licence: 'ISC',
      scripts: ['install'],
      maintainers: ['eve'],
    },
  )
})

test('nothing is said of what is not held, and nothing odd is taken for a trait', async () => {
  assert.equal(await of({}, '2.0.0'), undefined)
  assert.equal(await traits(heldVersion('x', '1.0.0', [], {})), undefined)
  assert.deepEqual(await of({ license: 7, scripts: 'rm', maintainers: {}, _npmUser: 3 }), { scripts: [] })
  await assert.rejects(traits(heldVersion('x', '1.0.0', [], { '/x': '{"versions":' })), { code: 'UNREADABLE' })
})
