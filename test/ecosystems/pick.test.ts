import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../src/contract.ts'
import { pick } from '../../src/ecosystems/pick.ts'
import { cargoVersions } from '../../src/versions/cargo.ts'

const entry = (version: string, file = version): Entry => ({
  path: `/${file}`,
  version,
  digests: { sha256: `sum ${file}` },
})
const entries = ['1.0.0', '1.2.0', '2.0.0-rc.1', '1.1.0', '0.9.0'].map((version) => entry(version))
const paths = async (want: Parameters<typeof pick>[1], among = entries): Promise<string[]> =>
  (await pick(among, want, cargoVersions)).map(({ path }) => path)

test('the newest release is picked when nothing is said', async () => {
  assert.deepEqual(await paths({}), ['/1.2.0'])
})

test('as many of the newest as are to be kept, newest first', async () => {
  assert.deepEqual(await paths({ range: '1', keep: 2 }), ['/1.2.0', '/1.1.0'])
})

test('a pre-release is picked when the range names one', async () => {
  assert.deepEqual(await paths({ range: '>=2.0.0-rc.1' }), ['/2.0.0-rc.1'])
})

test('a pre-release is picked when there is nothing else', async () => {
  assert.deepEqual(await paths({}, [entry('1.0.0-a'), entry('1.0.0-b')]), ['/1.0.0-b'])
})

test('all files of a picked version are picked', async () => {
  const among = [entry('1.0.0', 'a'), entry('1.1.0', 'b'), entry('1.1.0', 'c')]
  assert.deepEqual(await paths({}, among), ['/b', '/c'])
})

test('a digest of a lockfile is met by the file that has it', async () => {
  assert.deepEqual(await paths({ digests: [{ sha256: 'sum 2.0.0-rc.1' }] }), ['/2.0.0-rc.1'])
  assert.deepEqual(await paths({ digests: [{ sha512: 'sum 1.0.0' }] }), [])
})

test('one digest that fits does not excuse another that does not', async () => {
  const among: Entry[] = [{ path: '/x', version: '1.0.0', digests: { sha256: 'a', md5: 'b' } }]
  assert.deepEqual(await paths({ digests: [{ sha256: 'a', md5: 'c' }] }, among), [])
})

test('entries without a version are none', async () => {
  assert.deepEqual(await paths({}, [{ path: '/x' }]), [])
})
