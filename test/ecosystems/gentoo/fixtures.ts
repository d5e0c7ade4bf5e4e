// A small full tree for the suite: a signed Manifest at the top, the Manifests below it, and distfiles by the hash of their names.

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createCleartextMessage, generateKey, sign } from 'openpgp'
import { formatLayout, placeOf, type Structure } from '../../../src/formats/distfiles-layout.ts'
import { noon } from '../../builders/mirror.ts'
import type { Archive, Fixtures, Source } from '../../suites/ecosystem/fixtures.ts'

const day = 86_400_000
const hashed: Structure = { kind: 'filename-hash', cutoffs: [8] }

const digest = (bytes: string | Uint8Array, algorithm: string): string =>
  createHash(algorithm).update(bytes).digest('hex')

/** A line of a Manifest. */
export const line = (type: string, name: string, bytes: string | Uint8Array): string =>
  `${type} ${name} ${Buffer.byteLength(bytes)} BLAKE2B ${digest(bytes, 'blake2b512')} SHA512 ${digest(bytes, 'sha512')}\n`

export async function makeKey() {
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ name: 'tree' }],
    date: new Date(noon - 100 * day),
    format: 'object',
  })
  return { secret: privateKey, public: publicKey.write() }
}

export async function clearSigned(text: string, key: Awaited<ReturnType<typeof makeKey>>): Promise<string> {
  const message = await createCleartextMessage({ text: text.replace(/\n$/, '') })
  return (await sign({ message, signingKeys: key.secret, date: new Date(noon - day) })).replaceAll('\r\n', '\n')
}

const content = (name: string): string => `the source of ${name}\n`
const one = 'kit-3.1.60101.tar.xz'
const two = 'kit-4.2.60202.tar.xz'
const patch = 'kit-fixes.patch'

async function archive(upstream: string): Promise<Archive> {
  const key = await makeKey()
  const manifest = [one, two, patch].map((name) => line('DIST', name, content(name))).join('')
  const category = gzipSync(line('MANIFEST', 'kit/Manifest', manifest))
  const top = `${line('MANIFEST', 'app-x/Manifest.gz', category)}TIMESTAMP 2026-01-01T12:00:00Z\n`
  const distfile = (name: string): Readonly<Record<string, Source>> => ({
    [`/distfiles/${name}`]: { body: content(name), at: `/distfiles/${placeOf(hashed, name)}` },
  })
  const files: Readonly<Record<string, Source>> = {
    '/layout.conf': { body: formatLayout([hashed]), type: 'text/plain', at: '/distfiles/layout.conf' },
    '/tree/Manifest': { body: await clearSigned(top, key), at: '/plain/Manifest' },
    '/tree/app-x/Manifest.gz': { body: category, at: '/plain/app-x/Manifest.gz' },
    '/tree/app-x/kit/Manifest': { body: manifest, at: '/plain/app-x/kit/Manifest' },
    ...distfile(one),
    ...distfile(two),
    ...distfile(patch),
  }
  return {
    files,
    requests: [...Object.keys(files).map((path) => ({ path })), { path: '/distfiles/layout.conf' }],
    routes: {
      '/layout.conf': 'index /layout.conf',
      '/distfiles/layout.conf': 'made /distfiles/layout.conf',
      '/tree/Manifest': 'index /tree/Manifest',
      '/tree/app-x/Manifest.gz': 'index /tree/:category/:file',
      '/tree/app-x/Manifest': 'index /tree/:category/:file',
      '/tree/app-x/kit/Manifest': 'index /tree/:category/:package/Manifest',
      [`/distfiles/${one}`]: 'artifact /distfiles/:file',
      [`/distfiles/${two}`]: 'artifact /distfiles/:file',
      [`/distfiles/${patch}`]: 'artifact /distfiles/:file',
    },
    wants: ['app-x/kit@=4.2.60202', 'app-x/kit'],
    keyring: { name: 'tree.gpg', bytes: key.public },
    options: () => ({ tree: `${upstream}/plain`, manifests: 'full' }),
  }
}

const number = fc.nat({ max: 20 })

export const fixtures: Fixtures = {
  archive,
  lines: {
    'app-editors/nano': { name: 'app-editors/nano', range: undefined },
    'app-editors/nano@8.2': { range: '8.2' },
    'dev-lang/python@>=3.12, <3.14': { name: 'dev-lang/python', range: '>=3.12, <3.14' },
    'sys-libs/libstdc++-v3@3.*': { name: 'sys-libs/libstdc++-v3', range: '3.*' },
  },
  garbage: [
    'nano',
    '*',
    'app-editors/',
    '/nano',
    'app-editors/nano@',
    'app-editors/nano@>>1',
    '=app-editors/nano-8.2',
    'a/b/c',
  ],
  versions: [
    '1_alpha',
    '1_alpha1',
    '1_beta',
    '1_pre2',
    '1_rc',
    '1',
    '1-r1',
    '1_p',
    '1.0',
    '1.01',
    '1.1',
    '1.1a',
    '1.10',
    '2',
  ],
  version: fc
    .tuple(number, number, number, fc.constantFrom('', 'a', '_rc', '_rc2', '_p1', '-r1', '_beta3-r2'))
    .map(([a, b, c, rest]) => `${a}.${b}.${c}${rest}`),
}
