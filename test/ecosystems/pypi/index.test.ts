// What pip, uv and the others are answered, out of what upstream says.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { pypi } from '../../../src/ecosystems/pypi/index.ts'
import { cooldown, day, openTestMirror, rule, type TestMirrorOptions } from '../../builders/mirror.ts'
import { type Script, startUpstream, type Upstream } from '../../fakes/upstream.ts'
import { zip } from '../../replica/zip.ts'
import { detailJson, htmlPage, jsonPage, type Listed, type Made, sha256, wheel } from './builders.ts'

const json = 'application/vnd.pypi.simple.v1+json'
const html = 'application/vnd.pypi.simple.v1+html'

const listed = ({ file, bytes, metadata }: Made, more: Partial<Listed> = {}): Listed => ({
  file,
  url: `../packages/${file}`,
  hashes: { sha256: sha256(bytes) },
  size: bytes.length,
  ...(metadata === undefined ? {} : { metadata: { sha256: sha256(metadata) } }),
  ...more,
})

async function mirrorOf(
  t: TestContext,
  routes: (url: string) => Readonly<Record<string, Script>>,
  options: Partial<TestMirrorOptions> = {},
) {
  const up = await startUpstream()
  t.after(() => up.close())
  for (const [path, script] of Object.entries(routes(up.url))) up.set(path, script)
  const at = await openTestMirror({
    repositories: [{ ecosystem: 'pypi', upstreams: [`${up.url}/simple`] }],
    ecosystems: [pypi],
    ...options,
  })
  t.after(() => at.close())
  return { up, at }
}

const kit = wheel('kit', '1.0.0', { requires: ['bolt>=2'] })
const page = (body: string, type = json): Script => ({ body, type })
const fileAt = (made: Made): Readonly<Record<string, Script>> => ({
  [`/simple/packages/${made.file}`]: { body: made.bytes, type: 'application/octet-stream' },
})

interface Shown {
  readonly files: readonly Readonly<Record<string, unknown>>[]
  readonly versions: readonly string[]
  readonly meta: Readonly<Record<string, string>>
}

describe('a project page', () => {
  it('is asked for in JSON first and shown in the form that a client wants', async (t) => {
    const files = [listed(kit, { time: '2025-01-02T03:04:05.123456Z', python: '>=3.8', yanked: 'a <bad> day' })]
    const { up, at } = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('Kit', files)) }))
    const shown = await at.get('/simple/kit/', { accept: json })
    assert.match(up.requests[0]?.headers.accept ?? '', /^application\/vnd\.pypi\.simple\.v1\+json, .*html.*text\/html/)
    assert.equal(shown.type, json)
    assert.deepEqual(JSON.parse(shown.text), {
      name: 'kit',
      files: [
        {
          filename: kit.file,
          url: `../../files/kit/${kit.file}`,
          hashes: { sha256: sha256(kit.bytes) },
          'requires-python': '>=3.8',
          size: kit.bytes.length,
          'upload-time': '2025-01-02T03:04:05.123456Z',
          yanked: 'a <bad> day',
          'core-metadata': { sha256: sha256(kit.metadata ?? '') },
        },
      ],
      versions: ['1.0.0'],
      meta: { 'api-version': '1.3' },
    })
    const plain = await at.get('/simple/kit/')
    assert.equal(plain.type, 'text/html')
    assert.equal((await at.get('/simple/kit/', { accept: `${html}, text/html;q=0.1` })).type, html)
    const hash = sha256(kit.bytes)
    assert.ok(
      plain.text.includes(`<a href="../../files/kit/${kit.file}#sha256=${hash}" data-requires-python="&gt;=3.8"`),
    )
    assert.ok(plain.text.includes(`data-core-metadata="sha256=${sha256(kit.metadata ?? '')}"`))
    assert.ok(plain.text.includes('data-yanked="a &lt;bad&gt; day" data-upload-time="2025-01-02T03:04:05.123456Z"'))
  })

  it('is joined, where it comes in HTML, with what the older interface tells of the same files', async (t) => {
    const known = { time: '2025-01-02T03:04:05Z', version: '1.0.0' }
    const bare = { file: kit.file, url: `../packages/${kit.file}`, hashes: { sha256: sha256(kit.bytes) } }
    const other = { ...listed(wheel('kit', '2.0.0')), ...known, version: '2.0.0' }
    const { up, at } = await mirrorOf(t, () => ({
      '/simple/kit/': page(htmlPage('kit', [bare, { ...bare, file: other.file, url: other.file }]), 'text/html'),
      '/pypi/kit/json': page(detailJson('kit', [{ ...listed(kit), ...known }, other]), 'application/json'),
    }))
    const { files, meta } = JSON.parse((await at.get('/simple/kit/', { accept: json })).text) as Shown
    assert.equal(files[0]?.size, kit.bytes.length)
    assert.equal(files[0]?.['upload-time'], known.time)
    assert.deepEqual(files[0]?.['core-metadata'], { sha256: sha256(kit.metadata ?? '') })
    // other bytes under the name of a file are not that file
    assert.equal(files[1]?.size, undefined)
    assert.equal(meta['api-version'], '1.0')
    assert.ok(up.count('/pypi/kit/json') > 0)
  })

  it('in JSON needs no other document', async (t) => {
    const { up, at } = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('kit', [listed(kit)])) }))
    await at.get('/simple/kit/')
    assert.deepEqual(
      up.requests.map(({ path }) => path),
      ['/simple/kit/'],
    )
  })

  it('answers at every address that clients have for it, with links that work from there', async (t) => {
    const { at } = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('kit', [listed(kit)])), ...fileAt(kit) }))
    for (const path of ['/simple/kit/', '/simple/Kit/', '/simple/kit', '/kit/', '/Kit/']) {
      const { text } = await at.get(path)
      const [, href = ''] = /href="([^"#]+)/.exec(text) ?? []
      assert.equal(new URL(href, `http://x/pypi${path}`).pathname, `/pypi/files/kit/${kit.file}`, path)
    }
    for (const path of ['/pypi/kit/json', '/simple/kit/json', '/kit/json', '/pypi/Kit/1.0/json']) {
      const { info, urls } = JSON.parse((await at.get(path)).text)
      assert.deepEqual([info.version, urls[0].filename], ['1.0.0', kit.file], path)
    }
    assert.deepEqual((await at.get(`/packages/ab/cd/${kit.file}`)).bytes, kit.bytes)
  })

  it('is refused when it is of another project, of an unknown version, or a portal', async (t) => {
    const portal =
      '<!DOCTYPE html><html><head><title>Sign in</title></head><body><a href="/login">Sign in</a></body></html>'
    const bad = [
      page(jsonPage('bolt', [listed(kit)])),
      page(jsonPage('kit', [listed(kit)], { meta: { 'api-version': '2.0' } })),
      page(portal, 'text/html'),
      page('{"name":"kit"}'),
      page('<html><head><meta name="pypi:repository-version" content="2.0"></head></html>', 'text/html'),
    ]
    for (const script of bad) {
      const { at } = await mirrorOf(t, () => ({ '/simple/kit/': script }))
      assert.equal((await at.failure('/simple/kit/')).code, 'UNREADABLE')
    }
    const { at } = await mirrorOf(t, () => ({ '/simple/kit/': page(htmlPage('kit', []), 'text/html') }))
    assert.equal((await at.failure('/simple/kit/')).code, 'OK', 'a project may have no files')
  })

  it('leaves out what is no file of the project', async (t) => {
    const strange = [
      listed(wheel('bolt', '1.0')),
      listed({ ...kit, file: 'kit-1.0.exe' }),
      listed({ ...kit, file: 'kit-9.0.tar.gz' }, { url: 'file:///etc/passwd' }),
      listed({ ...kit, file: 'kit-8.0.tar.gz' }, { url: 'https://user:secret@example.org/kit-8.0.tar.gz' }),
      listed({ ...kit, file: '../kit-7.0.tar.gz' }),
    ]
    const { at } = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('kit', [...strange, listed(kit)])) }))
    const { files } = JSON.parse((await at.get('/simple/kit/', { accept: json })).text) as Shown
    assert.deepEqual(
      files.map(({ filename }) => filename),
      [kit.file],
    )
  })

  it('resolves links against its own address, or the base that it names', async (t) => {
    const made = wheel('kit', '2.0.0')
    const base = `<base href="../deep/folder/"><a href="${made.file}#sha256=${sha256(made.bytes)}">${made.file}</a>`
    const { at } = await mirrorOf(t, () => ({
      '/simple/kit/': page(`<html><head><title>Links for kit</title>${base}</html>`, 'text/html'),
      [`/simple/deep/folder/${made.file}`]: { body: made.bytes },
    }))
    await at.get('/simple/kit/')
    assert.deepEqual((await at.get(`/files/kit/${made.file}`)).bytes, made.bytes)
  })

  it('of a project that is archived says so', async (t) => {
    const status = { 'project-status': { status: 'archived', reason: 'done' } }
    const { at } = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('kit', [listed(kit)], status)) }))
    const shown = JSON.parse((await at.get('/simple/kit/', { accept: json })).text)
    assert.deepEqual([shown['project-status'], shown.meta['api-version']], [status['project-status'], '1.4'])
  })
})

describe('offline', () => {
  it('a page has the files that are held; of a project that was only looked at, those of which the metadata is', async (t) => {
    const two = wheel('kit', '2.0.0')
    const { at } = await mirrorOf(t, () => ({
      '/simple/kit/': page(jsonPage('kit', [listed(kit), listed(two)])),
      [`/simple/packages/${two.file}.metadata`]: { body: two.metadata ?? '' },
      ...fileAt(kit),
    }))
    const offered = async (): Promise<readonly unknown[]> => {
      at.offline = true
      const { files } = JSON.parse((await at.get('/simple/kit/', { accept: json })).text) as Shown
      at.offline = false
      return files.map(({ filename }) => filename)
    }
    await at.get('/simple/kit/')
    assert.deepEqual(await offered(), [kit.file, two.file])
    await at.get(`/files/kit/${two.file}.metadata`)
    assert.deepEqual(await offered(), [two.file])
    await at.get(`/files/kit/${kit.file}`)
    assert.deepEqual(await offered(), [kit.file])
  })
})

describe('policy', () => {
  const old = listed(wheel('kit', '1.0.0'), { time: '2025-01-02T03:04:05Z' })
  // a wheel that was added to an old release yesterday
  const late = wheel('kit', '1.0.0', { tags: 'cp313-cp313-manylinux_2_28_x86_64' })
  const added = listed(late, { time: '2026-01-01T12:00:00Z' })
  const broken = listed(wheel('kit', '1.1.0'), { time: 'yesterday' })

  it('withholds each file until its own time has come, in every form', async (t) => {
    const policy = { cooldown: cooldown({ default: 7 * day }) }
    const { at } = await mirrorOf(
      t,
      () => ({ '/simple/kit/': page(jsonPage('kit', [old, added, broken])), ...fileAt(late) }),
      { policy },
    )
    for (const [path, accept] of [
      ['/simple/kit/', json],
      ['/simple/kit/', 'text/html'],
      ['/kit/', json],
      ['/pypi/kit/json', '*/*'],
    ]) {
      const { text } = await at.get(path ?? '', { accept: accept ?? '' })
      assert.ok(text.includes(old.file), path)
      assert.ok(!text.includes(late.file), `${path} shows a file before its time`)
      assert.ok(!text.includes('1.1.0'), `${path} shows a file whose time cannot be read`)
    }
    assert.equal((await at.failure(`/files/kit/${late.file}`)).code, 'COOLDOWN')
    at.clock.pass(7 * day)
    assert.ok((await at.get('/simple/kit/')).text.includes(late.file))
    assert.deepEqual((await at.get(`/files/kit/${late.file}`)).bytes, late.bytes)
  })

  it('hides a denied project everywhere, its name in the list included', async (t) => {
    const names = { meta: { 'api-version': '1.0' }, projects: [{ name: 'Bolt' }, { name: 'kit' }] }
    const { at } = await mirrorOf(
      t,
      () => ({ '/simple/kit/': page(jsonPage('kit', [old])), '/simple/': page(JSON.stringify(names)) }),
      { policy: { deny: [rule('pkg:pypi/Kit')] } },
    )
    assert.equal((await at.failure('/simple/kit/')).code, 'DENIED')
    assert.equal((await at.failure('/pypi/kit/json')).code, 'DENIED')
    const { text } = await at.get('/simple/', { accept: json })
    assert.deepEqual(JSON.parse(text).projects, [{ name: 'bolt' }])
    assert.ok((await at.get('/simple/')).text.includes('<a href="bolt/">bolt</a>'))
  })
})

describe('metadata of a wheel', () => {
  const metadata = kit.metadata ?? ''
  const path = `/files/kit/${kit.file}.metadata`

  it('is upstream’s where its digest fits', async (t) => {
    const { up, at } = await mirrorOf(t, () => ({
      '/simple/kit/': page(jsonPage('kit', [listed(kit)])),
      [`/simple/packages/${kit.file}.metadata`]: { body: metadata },
      ...fileAt(kit),
    }))
    assert.equal((await at.get(path)).text, metadata)
    assert.equal(up.count(`/simple/packages/${kit.file}`), 0, 'the wheel was not needed')
  })

  it('is taken out of the wheel where upstream has none, whether it said so or not', async (t) => {
    for (const stated of [true, false, { sha256: sha256(metadata) }]) {
      const { at } = await mirrorOf(t, () => ({
        '/simple/kit/': page(jsonPage('kit', [listed(kit, { metadata: stated })])),
        ...fileAt(kit),
      }))
      assert.equal((await at.get(path)).text, metadata)
    }
  })

  it('is refused where it is another than the index states', async (t) => {
    const wrong = { sha256: sha256('something else') }
    const routes = { '/simple/kit/': page(jsonPage('kit', [listed(kit, { metadata: wrong })])), ...fileAt(kit) }
    const lacking = await mirrorOf(t, () => routes)
    assert.equal((await lacking.at.failure(path)).code, 'WRONG_DIGEST')
    const lying = await mirrorOf(t, () => ({
      ...routes,
      [`/simple/packages/${kit.file}.metadata`]: { body: metadata },
    }))
    assert.equal((await lying.at.failure(path)).code, 'WRONG_DIGEST')
  })

  it('of a file that is no wheel, or has it twice, is not there', async (t) => {
    const bytes = zip({ 'kit-1.0.0.dist-info/METADATA': metadata, 'other-1.dist-info/METADATA': metadata })
    const odd: Made = { file: kit.file, bytes }
    const { at } = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('kit', [listed(odd)])), ...fileAt(odd) }))
    assert.equal((await at.failure(path)).code, 'UNREADABLE')
    const text: Made = { file: kit.file, bytes: Buffer.from('no zip') }
    const other = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('kit', [listed(text)])), ...fileAt(text) }))
    assert.equal((await other.at.failure(path)).code, 'UNREADABLE')
    assert.equal((await other.at.failure('/files/kit/kit-3.0-py3-none-any.whl.metadata')).code, 'NOT_FOUND')
  })
})

describe('digests', () => {
  it('of any sound kind are verified, and weak ones as well as they can be', async (t) => {
    for (const algorithm of ['sha256', 'sha512', 'md5']) {
      const hashes = { [algorithm]: createHash(algorithm).update(kit.bytes).digest('hex') }
      const good = page(jsonPage('kit', [listed(kit, { hashes })]))
      const { up, at } = await mirrorOf(t, () => ({ '/simple/kit/': good, ...fileAt(kit) }))
      assert.ok((await at.get('/simple/kit/')).text.includes(`#${algorithm}=`))
      up.set(`/simple/packages/${kit.file}`, { body: Buffer.concat([kit.bytes, Buffer.from('x')]).subarray(1) })
      assert.match((await at.failure(`/files/kit/${kit.file}`)).code, /^(?:WRONG_DIGEST|WRONG_LENGTH)$/)
    }
  })
})

describe('several indexes in one repository', () => {
  it('never offer a higher version of a project that belongs to the first of them', async (t) => {
    const stranger = wheel('kit', '99.0.0')
    const bolt = wheel('bolt', '2.0.0')
    const corp = await startUpstream({ '/simple/kit/': page(jsonPage('kit', [listed(kit)])), ...fileAt(kit) })
    const world = await startUpstream({
      '/simple/kit/': page(jsonPage('kit', [listed(stranger)])),
      '/simple/bolt/': page(htmlPage('bolt', [listed(bolt)]), 'text/html'),
      ...fileAt(stranger),
      ...fileAt(bolt),
    })
    t.after(() => Promise.all([corp.close(), world.close()]))
    const upstreams = [`${corp.url}/simple`, `${world.url}/simple`]
    const sources = upstreams.map((each, index) => ({ name: `${index}`, upstreams: [each], only: [], not: [] }))
    const at = await openTestMirror({ repositories: [{ ecosystem: 'pypi', upstreams, sources }], ecosystems: [pypi] })
    t.after(() => at.close())
    const { text } = await at.get('/simple/kit/')
    assert.ok(text.includes(kit.file) && !text.includes('99.0.0'))
    assert.equal((await at.failure(`/files/kit/${stranger.file}`)).code, 'NOT_FOUND')
    assert.deepEqual((await at.get(`/files/bolt/${bolt.file}`)).bytes, bolt.bytes)
    assert.equal(world.count('/simple/kit/'), 0)
    corp.set('/simple/unknown/', { status: 503 })
    assert.equal((await at.failure('/simple/unknown/')).code, 'UPSTREAM_STATUS')
    assert.equal(world.count('/simple/unknown/'), 0, 'an index that fails is not passed over')
  })
})

describe('a file elsewhere', () => {
  it('is asked of its own host only where that is allowed', async (t) => {
    const other: Upstream = await startUpstream(fileAt(kit))
    t.after(() => other.close())
    const url = `${other.url.replace('127.0.0.1', 'localhost')}/simple/packages/${kit.file}`
    const { at } = await mirrorOf(t, () => ({ '/simple/kit/': page(jsonPage('kit', [listed(kit, { url })])) }))
    assert.equal((await at.failure(`/files/kit/${kit.file}`)).code, 'HOST_REFUSED')
    assert.equal(other.count(), 0)
  })
})
