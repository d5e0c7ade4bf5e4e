import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traits } from '../../../src/ecosystems/pypi/traits.ts'
import { heldVersion } from '../../builders/held-version.ts'
import { zip } from '../../replica/zip.ts'

const wheel = '/files/kit/kit-1.0-py3-none-any.whl'
const metadata = (lines: string): string => `Metadata-Version: 2.4\nName: kit\nVersion: 1.0\n${lines}\n\nLong text\n`
const of = (lines: string) =>
  traits(heldVersion('kit', '1.0', [wheel], { '/-/metadata/kit/kit-1.0-py3-none-any.whl': metadata(lines) }))

test('licence and people are those of the metadata beside the wheel, or in it', async () => {
  const lines = 'License-Expression: MIT\nAuthor-email: Zoe <zoe@example.org>, Adam <adam@example.org>\nMaintainer: Eve'
  const expected = {
    licence: 'MIT',
    scripts: [],
    maintainers: ['Adam <adam@example.org>', 'Eve', 'Zoe <zoe@example.org>'],
  }
  assert.deepEqual(await of(lines), expected)
  const packed = zip({ 'kit/__init__.py': '', 'kit-1.0.dist-info/METADATA': metadata(lines) })
  assert.deepEqual(await traits(heldVersion('kit', '1.0', [wheel], { [wheel]: packed })), expected)
})

test('a licence is also found in classifiers, or in the older field', async () => {
  const classified = 'License: see below\nClassifier: License :: OSI Approved :: BSD License\nClassifier: Topic :: Kits'
  assert.equal((await of(classified))?.licence, 'BSD License')
  assert.equal((await of('License: GPL'))?.licence, 'GPL')
  assert.equal((await of('Summary: none'))?.licence, undefined)
})

test('a source package alone runs its own code, and of what is not held nothing is said', async () => {
  assert.deepEqual(await traits(heldVersion('kit', '1.0', ['/files/kit/kit-1.0.tar.gz'], {})), {
    scripts: ['build from source'],
  })
  assert.equal(await traits(heldVersion('kit', '1.0', [wheel], {})), undefined)
  assert.equal(await traits(heldVersion('kit', '1.0', [], {})), undefined)
  await assert.rejects(traits(heldVersion('kit', '1.0', [wheel], { [wheel]: 'no archive' })), { code: 'UNREADABLE' })
})
