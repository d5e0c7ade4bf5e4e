// What ships with pkgmirror is licensed permissively, but for the one dependency that docs/decisions.md names.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { root } from './pages.ts'

interface Locked {
  readonly license?: string
  readonly dev?: boolean
  readonly optional?: boolean
}

const permissive = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', '0BSD'])
const chosen = 'openpgp'

const alternatives = (license: string): readonly string[] => license.replace(/^\(|\)$/g, '').split(' OR ')

test('every runtime dependency but the chosen one is permissive', () => {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const runtime = Object.entries(packages).filter(([place, { dev, optional }]) => {
    return place !== '' && dev !== true && optional !== true
  })
  const others = runtime
    .filter(([, { license = 'none stated' }]) => !alternatives(license).some((one) => permissive.has(one)))
    .map(([place]) => place.replace('node_modules/', ''))
  assert.ok(runtime.length > 10)
  assert.deepEqual(others, [chosen])
})
