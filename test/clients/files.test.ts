// curl, Wget and aria2 against a server of files on loopback.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFilesReplica } from '../replica/files.ts'
import { pkgmirror, serve } from './mirror.ts'
import { environment, execute, files, folder, found, type Island, mainland } from './place.ts'
import { emptyMirror, originOf, type Use, voyage, withoutNetwork } from './voyage.ts'

const missing = (program: string): string | false =>
  found(program) === undefined ? `${program} is not on this machine` : false

async function origin(t: TestContext) {
  const replica = await startFilesReplica()
  const keyring = path.join(files(folder(t), { 'releases.gpg': replica.keyring }), 'releases.gpg')
  const configuration = `repositories:
  files:
    ecosystem: files
    upstream: "${replica.upstream.url}"
    keyring: ${keyring}
    checksums: [SHA256SUMS]
    listing: true
`
  return { replica, ...originOf(t, replica.upstream, configuration) }
}

const sha = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

/** Runs a client in a folder of its own. */
async function run(at: Island, home: string, ...argv: readonly string[]): Promise<string> {
  return execute({ argv: [...at.enter, ...argv], cwd: home, env: environment(home) })
}

/** Every release by `get`, checked against the list as users check it. */
const downloads =
  (t: TestContext, get: (url: string, file: string) => readonly string[]): Use<Readonly<Record<string, string>>> =>
  async (url, at) => {
    const home = folder(t)
    const names = ['SHA256SUMS', 'large.bin', 'kit-1.0.tar.gz', 'a b+c.txt']
    for (const name of names) {
      await run(at, home, ...get(`${url}/files/pool/${name.replaceAll(' ', '%20')}`, name))
    }
    await run(at, home, 'sha256sum', '--strict', '-c', 'SHA256SUMS')
    return Object.fromEntries(names.map((name) => [name, sha(path.join(home, name))]))
  }

const clients: Readonly<Record<string, (url: string, file: string) => readonly string[]>> = {
  curl: (url, file) => ['curl', '-fsSL', '-o', file, url],
  wget: (url, file) => ['wget', '-q', '-O', file, url],
  aria2c: (url, file) => ['aria2c', '-q', '-x4', '-s4', '-k1M', '--allow-overwrite=true', '-o', file, url],
}

for (const [client, get] of Object.entries(clients)) {
  describe(client, () => {
    it('gets the same files through the mirror, offline and exported', { skip: missing(client) }, async (t) => {
      await voyage(t, await origin(t), downloads(t, get))
    })
  })
}

describe('curl', () => {
  it('gets offline what a sync by glob has brought, proven by the signed list', {
    skip: missing('curl'),
  }, async (t) => {
    const { replica, configuration, stop } = await origin(t)
    const mirror = emptyMirror(t, configuration)
    const manifest = `${files(folder(t), { 'm.yaml': 'packages: { files: ["pool/"] }\n' })}/m.yaml`
    await pkgmirror(mirror, 'sync', manifest)
    assert.match(await pkgmirror(mirror, 'verify', '--json'), /"signature"/)
    const use = downloads(t, (url, file) => ['curl', '-fsSL', '-o', file, url])
    const online = await serve(t, mirror)
    const first = await use(online.url, mainland)
    assert.deepEqual(
      [...replica.releases.keys()].filter((each) => replica.upstream.count(each.replaceAll(' ', '%20')) !== 1),
      [],
    )
    await online.stop()
    await stop()
    await withoutNetwork(t, mirror, use, first)
    const tree = folder(t)
    await pkgmirror(mirror, 'export', tree)
    const checked = await run(mainland, path.join(tree, 'files'), 'sha256sum', '--strict', '-c', 'SHA256SUMS.mirror')
    assert.deepEqual(
      checked.trim().split('\n'),
      [...replica.releases.keys()].sort().map((file) => `${file.slice(1)}: OK`),
    )
  })

  it('resumes, asks for ranges, and fetches only what changed', { skip: missing('curl') }, async (t) => {
    const { replica, configuration } = await origin(t)
    const mirror = emptyMirror(t, configuration)
    const { url } = await serve(t, mirror)
    const home = folder(t)
    const get = (...args: readonly string[]) => run(mainland, home, 'curl', '-fsS', ...args)
    const whole = Buffer.from(replica.releases.get('/pool/large.bin') ?? [])
    writeFileSync(path.join(home, 'part'), whole.subarray(0, 1_000_001))
    await get('-C', '-', '-o', 'part', `${url}/files/pool/large.bin`)
    assert.deepEqual(readFileSync(path.join(home, 'part')), whole)
    await get('-r', '5-9', '-o', 'range', `${url}/files/pool/large.bin`)
    assert.deepEqual(readFileSync(path.join(home, 'range')), whole.subarray(5, 10))
    // by entity tag: the second time nothing is sent
    const tagged = ['--etag-save', 'tag', '--etag-compare', 'tag', '-w', '%{http_code}', '-o', 'news']
    assert.equal(await get(...tagged, `${url}/files/news.txt`), '200')
    // while it arrives there is no tag to be told yet
    for (let tries = 0; tries < 100; tries += 1) {
      if (/^etag:/im.test(await get('-I', `${url}/files/news.txt`))) break
      await sleep(50)
    }
    assert.equal(await get(...tagged, `${url}/files/news.txt`), '200')
    assert.equal(await get(...tagged, `${url}/files/news.txt`), '304')
    // by date
    await get('-R', '-o', 'dated', `${url}/files/news.txt`)
    assert.equal(await get('-z', 'dated', '-w', '%{http_code}', '-o', 'again', `${url}/files/news.txt`), '304')
    assert.equal(replica.upstream.count('/news.txt'), 1)
  })

  it('is refused to write', { skip: missing('curl') }, async (t) => {
    const { configuration } = await origin(t)
    const { url } = await serve(t, emptyMirror(t, configuration))
    for (const method of ['PUT', 'DELETE', 'POST']) {
      const argv = ['-s', '-X', method, '-d', 'x', '-o', '/dev/null', '-w', '%{http_code}', `${url}/files/news.txt`]
      assert.equal(await run(mainland, folder(t), 'curl', ...argv), '405')
    }
  })
})

describe('wget', () => {
  it('resumes with -c and leaves with -N what has not changed', { skip: missing('wget') }, async (t) => {
    const { replica, configuration } = await origin(t)
    const { url } = await serve(t, emptyMirror(t, configuration))
    const home = folder(t)
    const whole = Buffer.from(replica.releases.get('/pool/large.bin') ?? [])
    writeFileSync(path.join(home, 'large.bin'), whole.subarray(0, 700_000))
    await run(mainland, home, 'wget', '-q', '-c', `${url}/files/pool/large.bin`)
    assert.deepEqual(readFileSync(path.join(home, 'large.bin')), whole)
    await run(mainland, home, 'wget', '-q', '-N', `${url}/files/news.txt`)
    const { mtimeMs } = statSync(path.join(home, 'news.txt'))
    truncateSync(path.join(home, 'news.txt'), 5)
    await run(mainland, home, 'wget', '-q', '-N', `${url}/files/news.txt`)
    assert.ok(Date.now() - mtimeMs > 4 * 86_400_000, 'upstream’s date was not kept')
  })

  it('follows a folder as it is listed', { skip: missing('wget') }, async (t) => {
    const { configuration } = await origin(t)
    const { url } = await serve(t, emptyMirror(t, configuration))
    const home = folder(t)
    await run(
      mainland,
      home,
      'wget',
      '-q',
      '-r',
      '-np',
      '-nH',
      '--cut-dirs=2',
      '-R',
      'index.html*',
      `${url}/files/pool/`,
    )
    await run(mainland, home, 'sha256sum', '--strict', '-c', 'SHA256SUMS')
  })
})

describe('aria2c', () => {
  it('resumes a download in several parts, and checks what the list states', { skip: missing('aria2c') }, async (t) => {
    const { replica, configuration } = await origin(t)
    const { url } = await serve(t, emptyMirror(t, configuration))
    const home = folder(t)
    const whole = Buffer.from(replica.releases.get('/pool/large.bin') ?? [])
    writeFileSync(path.join(home, 'large.bin'), whole.subarray(0, 1_500_000))
    const digest = createHash('sha256').update(whole).digest('hex')
    const argv = ['-q', '-c', '-x4', '-s4', '-k1M', `--checksum=sha-256=${digest}`, `${url}/files/pool/large.bin`]
    await run(mainland, home, 'aria2c', ...argv)
    assert.deepEqual(readFileSync(path.join(home, 'large.bin')), whole)
  })
})
