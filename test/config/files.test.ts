// Which configuration is found, and what is no configuration file.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { findConfig, readConfig } from '../../src/config/files.ts'

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'config-'))
  await work(folder).finally(() => rm(folder, { recursive: true }))
}

test('a named configuration counts more than one that is found', () =>
  withFolder(async (folder) => {
    const env = { PKGMIRROR_CONFIG: 'env.yaml' }
    assert.equal(await findConfig({ config: 'flag.yaml', env, cwd: folder }), path.join(folder, 'flag.yaml'))
    assert.equal(await findConfig({ env, cwd: folder }), path.join(folder, 'env.yaml'))
  }))

test('looks in the working directory, then at home', () =>
  withFolder(async (folder) => {
    const home = path.join(folder, 'home')
    await mkdir(path.join(home, '.config/pkgmirror'), { recursive: true })
    const [here, there] = [path.join(folder, 'pkgmirror.yaml'), path.join(home, '.config/pkgmirror/pkgmirror.yaml')]
    await writeFile(there, '')
    assert.equal(await findConfig({ env: {}, cwd: folder, home }), there)
    await writeFile(here, '')
    assert.equal(await findConfig({ env: {}, cwd: folder, home }), here)
  }))

test('says what is wrong with a file', () =>
  withFolder(async (folder) => {
    const [large, binary] = [path.join(folder, 'large'), path.join(folder, 'binary')]
    await writeFile(large, Buffer.alloc(4 * 1024 * 1024 + 1, '#'))
    await writeFile(binary, Uint8Array.of(0xff, 0xfe))
    const faults: readonly (readonly [string, string])[] = [
      [path.join(folder, 'absent'), 'there is no such file'],
      [folder, 'is a folder, not a file'],
      [large, 'is larger than 4194304 bytes'],
      [binary, 'is not UTF-8 text'],
    ]
    for (const [file, message] of faults) await assert.rejects(readConfig(file), { code: 'CONFIG', message })
  }))
