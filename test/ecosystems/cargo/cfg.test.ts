import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Platform } from '../../../src/contract.ts'
import { isFor } from '../../../src/ecosystems/cargo/cfg.ts'

const linux: Platform = { os: 'linux', cpu: 'x64', libc: 'glibc' }
const windows: Platform = { os: 'win32', cpu: 'x64' }
const mac: Platform = { os: 'darwin', cpu: 'arm64' }

const cases: readonly (readonly [target: string, on: readonly Platform[], off: readonly Platform[]])[] = [
  ['cfg(unix)', [linux, mac], [windows]],
  ['cfg(windows)', [windows], [linux, mac]],
  ['cfg(target_os = "macos")', [mac], [linux, windows]],
  ['cfg(not(windows))', [linux, mac], [windows]],
  ['cfg(all(unix, not(target_os="macos")))', [linux], [mac, windows]],
  ['cfg(any(target_arch = "aarch64", target_os = "windows"))', [mac, windows], [linux]],
  ['cfg(target_env = "musl")', [windows, { os: 'linux' }, { os: 'linux', libc: 'musl' }], [linux, mac]],
  ['cfg(target_pointer_width = "32")', [{ cpu: 'arm' }], [linux]],
  ['cfg(target_family = "wasm")', [], [linux, windows, mac]],
  ['cfg(any())', [], [linux]],
  ['cfg(all())', [linux], []],
  ['x86_64-pc-windows-msvc', [windows], [linux, mac]],
  ['aarch64-apple-darwin', [mac], [linux, windows]],
  ['armv7-unknown-linux-gnueabihf', [{ os: 'linux', cpu: 'arm' }], [linux]],
  ['x86_64-unknown-linux-musl', [{ os: 'linux', cpu: 'x64', libc: 'musl' }], [linux]],
]
for (const [target, on, off] of cases) {
  test(`${target} is told apart`, () => {
    for (const platform of on) assert.ok(isFor(target, [platform]), JSON.stringify(platform))
    for (const platform of off) assert.ok(!isFor(target, [platform]), JSON.stringify(platform))
  })
}

test('what only a compiler knows, or what is no expression, is held', () => {
  const targets = [
    'cfg(tokio_unstable)',
    'cfg(not(loom))',
    'cfg(target_feature = "avx")',
    'cfg(',
    'cfg(all(unix)',
    'cfg(a b)',
    'my-target.json',
    '',
  ]
  for (const target of targets) assert.ok(isFor(target, [linux]), target)
})

test('deep nesting is answered at once', () => {
  assert.ok(isFor(`cfg(${'not('.repeat(100_000)}unix${')'.repeat(100_000)})`, [linux]))
})

test('any platform will do, and without platforms all will', () => {
  assert.ok(isFor('cfg(windows)', [linux, windows]))
  assert.ok(isFor('cfg(windows)', []))
  assert.ok(isFor(undefined, [linux]))
})
