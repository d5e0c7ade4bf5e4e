import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traits } from '../../../src/ecosystems/cargo/traits.ts'
import { heldVersion } from '../../builders/held-version.ts'
import { tarball } from '../../replica/tarball.ts'

const path = '/crates/kit/kit-1.0.0.crate'
const of = async (manifest: string) =>
  traits(
    heldVersion('kit', '1.0.0', [path], {
      [path]: await tarball('kit-1.0.0/', { 'src/lib.rs': '', 'sub/Cargo.toml': 'x', 'Cargo.toml': manifest }),
    }),
  )

test('licence, authors and the build script are those of the manifest in the crate', async () => {
  const manifest =
    '[package]\nname = "kit"\nversion = "1.0.0"\nlicense = "MIT OR Apache-2.0"\nbuild = "build.rs"\nauthors = ["Zoe", "Adam"]\n'
  assert.deepEqual(await of(manifest), {
    licence: 'MIT OR Apache-2.0',
    scripts: ['build: build.rs'],
    maintainers: ['Adam', 'Zoe'],
  })
  assert.deepEqual(await of('[package]\nname = "kit"\nbuild = false\n'), { scripts: [] })
})

test('what is no crate or no manifest is told, and of what is not held nothing is said', async () => {
  assert.equal(await traits(heldVersion('kit', '1.0.0', [path], {})), undefined)
  assert.equal(await of('name = "kit"'), undefined)
  await assert.rejects(of('[package'), { code: 'UNREADABLE', message: /Cargo\.toml/ })
  await assert.rejects(traits(heldVersion('kit', '1.0.0', [path], { [path]: 'no archive' })))
})
