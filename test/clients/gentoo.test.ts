// Portage's own fetching, and the requests that it makes, against distfiles on loopback.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { bytesOf, startUpstream, text } from '../fakes/upstream.ts'
import { pkgmirror, serve } from './mirror.ts'
import { environment, execute, files, folder, found, mainland, root } from './place.ts'
import { emptyMirror, originOf, type Use, voyage, withoutNetwork } from './voyage.ts'

/** Where `pip install --target` put portage, when python3 does not have it by itself. */
const portageAt = process.env.PKGMIRROR_TEST_PORTAGE
const pythonPath = portageAt === undefined ? {} : { PYTHONPATH: portageAt }

function lacksPortage(): string | false {
  if (found('python3') === undefined || found('wget') === undefined) return 'python3 or wget is not on this machine'
  const { status } = spawnSync('python3', ['-c', 'import portage.tests'], { env: { ...process.env, ...pythonPath } })
  return status === 0 ? false : 'python3 has no portage; `pip install --target DIR portage`, PKGMIRROR_TEST_PORTAGE=DIR'
}

const name = 'kit-1.0.tar.xz'
const content = Buffer.from(bytesOf(900_000, 3))
const digest = (algorithm: string): string => createHash(algorithm).update(content).digest('hex')
/** The first byte of the BLAKE2b of the name itself (GLEP 75). */
const hashed = `${createHash('blake2b512').update(name).digest('hex').slice(0, 2)}/${name}`

async function origin(t: TestContext, layout: string, at: string) {
  const manifest = `DIST ${name} ${content.length} BLAKE2B ${digest('blake2b512')} SHA512 ${digest('sha512')}\n`
  const upstream = await startUpstream({
    '/distfiles/layout.conf': text(layout),
    [`/distfiles/${at}`]: { body: content, etag: true },
    '/plain/app-x/kit/Manifest': text(manifest),
  })
  const configuration = `repositories:\n  gentoo: { upstream: "${upstream.url}", tree: "${upstream.url}/plain" }\n`
  return { upstream, ...originOf(t, upstream, configuration) }
}

/** What emerge leaves in DISTDIR. */
const emerge =
  (t: TestContext): Use<string> =>
  async (url, { enter }) => {
    const home = folder(t)
    // its test set-up looks for GNU tar by this name
    symlinkSync(found('tar') ?? '', path.join(files(home, { 'bin/.keep': '' }), 'bin/gtar'))
    const own = environment(home, {
      ...pythonPath,
      ...{ DISTDIR: home, PKGDIR: home, PORTAGE_TMPDIR: home, PORTAGE_GNUPGHOME: home },
      ...{ PORTAGE_USERNAME: 'root', PORTAGE_GRPNAME: 'root' },
    })
    const env = { ...own, PATH: `${home}/bin${path.delimiter}${own.PATH}` }
    const file = [name, String(content.length), digest('blake2b512'), digest('sha512')]
    const script = `${root}/test/clients/portage-fetch.py`
    await execute({ argv: [...enter, 'python3', script, `${url}/gentoo`, home, ...file], cwd: home, env })
    return createHash('sha512')
      .update(readFileSync(path.join(home, name)))
      .digest('hex')
  }

const layouts: Readonly<Record<string, readonly [layout: string, at: string]>> = {
  'by the hash of names': ['[structure]\n0=filename-hash BLAKE2B 8\n', hashed],
  'by the hash of contents': [
    '[structure]\n0=content-hash BLAKE2B 8\n',
    `${digest('blake2b512').slice(0, 2)}/${digest('blake2b512')}`,
  ],
  flat: ['[structure]\n0=flat\n', name],
}

describe('portage', () => {
  it('fetches the same distfile through the mirror, offline and exported', { skip: lacksPortage() }, async (t) => {
    await voyage(t, await origin(t, ...(layouts['by the hash of names'] ?? ['', ''])), emerge(t))
  })
})

describe('distfiles', () => {
  for (const [what, [layout, at]] of Object.entries(layouts)) {
    it(`of an upstream that keeps them ${what} are had under both spellings after a sync`, {
      skip: found('wget') === undefined ? 'wget is not on this machine' : false,
    }, async (t) => {
      const { upstream, configuration, stop } = await origin(t, layout, at)
      const mirror = emptyMirror(t, configuration)
      const manifest = `${files(folder(t), { 'm.yaml': 'packages: { gentoo: [app-x/kit] }\n' })}/m.yaml`
      await pkgmirror(mirror, 'sync', manifest)
      assert.equal(upstream.count(`/distfiles/${at}`), 1)
      await stop()
      const use: Use<readonly string[]> = async (url, { enter }) => {
        const home = folder(t)
        const get = async (from: string, ...more: readonly string[]) => {
          const argv = [
            ...enter,
            'wget',
            '-q',
            ...more,
            '-O',
            `${home}/file.__download__`,
            `${url}/gentoo/distfiles/${from}`,
          ]
          await execute({ argv, cwd: home, env: environment(home) })
          return createHash('sha512')
            .update(readFileSync(`${home}/file.__download__`))
            .digest('hex')
        }
        const whole = [await get(hashed), await get(name)]
        // a partial file of more than 350 KiB is resumed
        writeFileSync(`${home}/file.__download__`, content.subarray(0, 400_000))
        return [...whole, await get(hashed, '-c'), await get('layout.conf')]
      }
      const online = await serve(t, mirror, ['--offline'])
      const first = await use(online.url, mainland)
      await online.stop()
      assert.deepEqual(first.slice(0, 3), [digest('sha512'), digest('sha512'), digest('sha512')])
      if (at === hashed) await withoutNetwork(t, mirror, use, first)
    })
  }
})
