import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { route } from '../../src/contract.ts'
import { type Exported, type ExportOptions, exportTree } from '../../src/engine/export.ts'
import { MirrorError } from '../../src/errors.ts'
import type { Sink, TreeFile } from '../../src/sinks/sink.ts'
import { exportOptions, exportTo } from '../builders/export.ts'
import {
  cooldown,
  day,
  item,
  mirrorOf,
  noon,
  openTestMirror,
  rule,
  sha256,
  suite,
  type TestMirror,
} from '../builders/mirror.ts'
import { shelf } from '../builders/shelf.ts'
import { json, type Script, startUpstream, text } from '../fakes/upstream.ts'

/** Where worker threads find the ecosystem that a test adds to. */
const module = new URL('../builders/shelf.ts', import.meta.url)

interface Site {
  readonly root: string
  export(at: TestMirror, more?: Partial<ExportOptions>): Promise<Exported>
  /** Texts by path. */
  tree(): Record<string, string>
}

function siteFor(t: TestContext): Site {
  const folder = mkdtempSync(path.join(tmpdir(), 'export-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const root = path.join(folder, 'site')
  return {
    root,
    export: (at, more) => exportTo(root, at, more),
    tree() {
      const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => !isTop(name))
      const files = names.filter((name) => statSync(path.join(root, name)).isFile()).sort()
      return Object.fromEntries(files.map((name) => [name, readFileSync(path.join(root, name), 'utf8')]))
    },
  }
}

const topFiles = new Set(['MANIFEST', 'MANIFEST.minisig', 'index.html'])
const isTop = (name: string): boolean => name.startsWith('.pkgmirror') || topFiles.has(name)

/** A name with files of these versions, each with its own content. */
function shelved(name: string, versions: readonly string[], published?: number): Record<string, Script> {
  const contents = versions.map((version) => `${name} as of ${version}`)
  const files = versions.map((version, at) => {
    const more = published === undefined ? { version } : { version, published }
    return item(`${version}.tgz`, contents[at] ?? '', more)
  })
  return {
    [`/index/${name}`]: json({ files }),
    ...Object.fromEntries(versions.map((version, at) => [`/files/${name}/${version}.tgz`, text(contents[at] ?? '')])),
  }
}

const namesIn = (document: string | undefined): readonly string[] =>
  (JSON.parse(document ?? '{}') as { files: readonly { file: string }[] }).files.map(({ file }) => file)

test('holds documents as clients are shown them, and what they name as it is', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0']))
  await at.sync(['kit'])
  const site = siteFor(t)
  const exported = await site.export(at)
  const tree = site.tree()
  assert.deepEqual(Object.keys(tree), ['shelf/files/kit/1.0.0.tgz', 'shelf/index/kit', 'shelf/made/holdings'])
  assert.equal(tree['shelf/files/kit/1.0.0.tgz'], 'kit as of 1.0.0')
  assert.equal((JSON.parse(tree['shelf/index/kit'] ?? '') as { base: string }).base, 'http://site.test/shelf')
  assert.deepEqual([exported.files, exported.repos.shelf?.files], [3, 3])
})

test('shows only the versions that are held, though the mirror is online', async (t) => {
  const { up, at } = await mirrorOf(t, shelved('kit', ['1.0.0', '2.0.0']))
  await at.sync(['kit@1'])
  up.reset()
  const site = siteFor(t)
  await site.export(at)
  assert.deepEqual(namesIn(site.tree()['shelf/index/kit']), ['1.0.0.tgz'])
  assert.equal(up.count(), 0)
})

test('a version that is denied since it was fetched occurs nowhere', async (t) => {
  const { at } = await mirrorOf(
    t,
    { ...shelved('kit', ['1.0.0', '6.6.6']), ...shelved('gone', ['7.7.7']) },
    { keep: true },
  )
  await at.sync(['kit', 'gone'])
  const denying = await at.reopen({ policy: { deny: [rule('pkg:shelf/kit@6.6.6'), rule('pkg:shelf/gone')] } })
  t.after(() => rmSync(denying.data, { recursive: true, force: true }))
  t.after(() => denying.close())
  const site = siteFor(t)
  const { repos } = await site.export(denying)
  const tree = site.tree()
  assert.deepEqual(Object.keys(tree), ['shelf/files/kit/1.0.0.tgz', 'shelf/index/kit', 'shelf/made/holdings'])
  assert.ok(!JSON.stringify(tree).includes('6.6.6'))
  assert.deepEqual([repos.shelf?.denied, repos.shelf?.waiting], [3, 0])
})

test('a document about a denied version is left out with it', async (t) => {
  const proven = {
    ...shelf,
    // behind the others, whose places worker threads go by
    routes: [...shelf.routes, route('/proof/:name/:version', { kind: 'index', known: (p) => ({ ...p }) })],
  }
  const routes = {
    ...shelved('kit', ['1.0.0', '6.6.6']),
    '/proof/kit/1.0.0': text('good'),
    '/proof/kit/6.6.6': text('bad'),
  }
  const { at } = await mirrorOf(t, routes, { ecosystems: [proven], module, keep: true })
  await at.sync(['kit'])
  for (const version of ['1.0.0', '6.6.6']) await at.get(`/proof/kit/${version}`)
  const denying = await at.reopen({ policy: { deny: [rule('pkg:shelf/kit@6.6.6')] } })
  t.after(() => rmSync(denying.data, { recursive: true, force: true }))
  t.after(() => denying.close())
  const site = siteFor(t)
  await site.export(denying)
  assert.deepEqual(
    Object.keys(site.tree()).filter((name) => name.includes('proof')),
    ['shelf/proof/kit/1.0.0'],
  )
})

test('a version that waits for its cooldown appears when it has ended', async (t) => {
  const policy = { cooldown: cooldown({ default: 2 * day }) }
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0'], noon - day), { keep: true })
  await at.sync(['kit'])
  const waiting = await at.reopen({ policy })
  t.after(() => rmSync(waiting.data, { recursive: true, force: true }))
  t.after(() => waiting.close())
  const site = siteFor(t)
  const first = await site.export(waiting)
  assert.equal(first.repos.shelf?.waiting, 1)
  assert.equal(site.tree()['shelf/files/kit/1.0.0.tgz'], undefined)
  waiting.clock.pass(day)
  await site.export(waiting)
  assert.equal(site.tree()['shelf/files/kit/1.0.0.tgz'], 'kit as of 1.0.0')
  assert.deepEqual(namesIn(site.tree()['shelf/index/kit']), ['1.0.0.tgz'])
})

test('of a chained repository the current generation is exported, and only that', async (t) => {
  const { up, at } = await mirrorOf(t, {}, { ecosystem: 'chain' })
  const set = (files: Record<string, string>) => {
    for (const [name, content] of Object.entries(files)) up.set(name, text(content))
  }
  const old = suite('stable', 1, { main: { '/pool/a/1.deb': 'one' }, extra: { '/pool/x/1.deb': 'x' } })
  set(old)
  await at.sync(['stable'])
  const now = suite('stable', 2, { main: { '/pool/a/2.deb': 'two' } })
  set(now)
  at.clock.pass(day)
  await at.sync(['stable'])
  const site = siteFor(t)
  await site.export(at)
  const tree = site.tree()
  assert.equal(tree['chain/stable/root'], now['/stable/root'])
  assert.equal(tree['chain/stable/lists/main'], now['/stable/lists/main'])
  assert.equal(tree['chain/pool/a/2.deb'], 'two')
  assert.equal(tree['chain/stable/lists/extra'], undefined)
})

/** Remembers the tree instead of writing it. */
function remembering(): Sink & { readonly files: TreeFile[] } {
  const files: TreeFile[] = []
  return {
    files,
    async publish(tree) {
      files.push(...[...tree.list()].filter(({ path: name }) => !isTop(name)))
      return { linked: 0, copied: 0, unchanged: 0, deleted: 0, leaving: 0, bytes: 0, failed: 0 }
    },
  }
}

test('what is referred to comes first, roots last', async (t) => {
  const { up, at } = await mirrorOf(t, {}, { ecosystem: 'chain' })
  for (const [name, content] of Object.entries(suite('stable', 1, { main: { '/pool/a/1.deb': 'one' } }))) {
    up.set(name, text(content))
  }
  await at.sync(['stable'])
  const sink = remembering()
  await exportTree(at.mirror, sink, exportOptions)
  assert.deepEqual(
    sink.files.map((file) => file.path),
    ['chain/pool/a/1.deb', 'chain/stable/lists/main', 'chain/stable/root'],
  )
})

test('two exports of the same state are the same, file by file', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0', '2.0.0']))
  await at.sync(['kit'])
  const [one, two] = [remembering(), remembering()]
  await exportTree(at.mirror, one, exportOptions)
  at.clock.pass(day)
  await exportTree(at.mirror, two, exportOptions)
  assert.deepEqual(one.files, two.files)
})

test('a later export touches only what changed', async (t) => {
  const { up, at } = await mirrorOf(t, shelved('kit', ['1.0.0']))
  await at.sync(['kit'])
  const site = siteFor(t)
  await site.export(at)
  for (const [name, script] of Object.entries(shelved('kit', ['1.0.0', '2.0.0']))) up.set(name, script)
  at.clock.pass(day)
  await at.sync(['kit'])
  const changes: string[] = []
  await site.export(at, { changed: ({ what, path: name }) => isTop(name) || changes.push(`${what} ${name}`) })
  assert.deepEqual(changes, [
    'added shelf/files/kit/2.0.0.tgz',
    'replaced shelf/index/kit',
    'replaced shelf/made/holdings',
  ])
})

test('names follow the route: several, or none', async (t) => {
  const named = {
    ...shelf,
    routes: [
      route('/loose/:file', { kind: 'artifact', files: ({ file }) => [`/flat/${file}`, `/copy/${file}.bak`] }),
      route('/text/:file', { kind: 'index', files: () => [] }),
    ],
  }
  const { at } = await mirrorOf(t, { '/loose/a': text('one'), '/text/b': text('two') }, { ecosystems: [named] })
  for (const name of ['/loose/a', '/text/b']) await at.get(name)
  const site = siteFor(t)
  await site.export(at)
  assert.deepEqual(site.tree(), { 'shelf/copy/a.bak': 'one', 'shelf/flat/a': 'one' })
})

test('names that collide end the export before anything is written, and both are named', async (t) => {
  const { at } = await mirrorOf(t, { '/loose/Kit': text('one'), '/loose/kit': text('two') })
  for (const name of ['/loose/Kit', '/loose/kit']) await at.get(name)
  const site = siteFor(t)
  await assert.rejects(site.export(at), { code: 'BAD_PATH', message: /shelf\/loose\/kit and shelf\/loose\/Kit differ/ })
  assert.throws(() => readdirSync(site.root), { code: 'ENOENT' })
  await site.export(at, { letterCase: 'apart' })
  assert.equal(site.tree()['shelf/loose/Kit'], 'one')
})

test('a name that a web server would obey is refused', async (t) => {
  const { at } = await mirrorOf(t, { '/loose/.htaccess': text('Options +ExecCGI') })
  await at.get('/loose/.htaccess')
  await assert.rejects(siteFor(t).export(at), { code: 'BAD_PATH', message: /\.htaccess/ })
})

test('one repository is exported without touching what others left', async (t) => {
  const up = await startUpstream({ ...shelved('kit', ['1.0.0']), ...shelved('tool', ['3.0.0']) })
  t.after(() => up.close())
  const at = await openTestMirror({
    repositories: ['one', 'two'].map((name) => ({ ecosystem: 'shelf', name, upstreams: [up.url] })),
  })
  t.after(() => at.close())
  await at.sync(['kit'], { repo: 'one' })
  await at.sync(['tool'], { repo: 'two' })
  const site = siteFor(t)
  await site.export(at, { repos: ['one'] })
  assert.deepEqual(
    Object.keys(site.tree()).filter((name) => name.startsWith('two/')),
    [],
  )
  const both = await site.export(at, { repos: ['two'] })
  assert.equal(both.deleted, 0)
  assert.ok('one/index/kit' in site.tree() && 'two/index/tool' in site.tree())
  await assert.rejects(site.export(at, { repos: ['three'] }), { code: 'CONFIG', message: /no repository three/ })
})

test('one repository is exported without touching another that is mounted below it', async (t) => {
  const up = await startUpstream({ ...shelved('kit', ['1.0.0']), ...shelved('tool', ['3.0.0']) })
  t.after(() => up.close())
  const at = await openTestMirror({
    repositories: [
      { ecosystem: 'shelf', name: 'one', mount: '/one', upstreams: [up.url] },
      { ecosystem: 'shelf', name: 'two', mount: '/one/two', upstreams: [up.url] },
    ],
  })
  t.after(() => at.close())
  await at.sync(['kit'], { repo: 'one' })
  await at.sync(['tool'], { repo: 'two' })
  const site = siteFor(t)
  await site.export(at)
  const again = await site.export(at, { repos: ['one'] })
  assert.equal(again.deleted, 0)
  assert.ok('one/two/index/tool' in site.tree())
})

test('a document that cannot be shown is a fault: the rest is published, and what was there stays', async (t) => {
  const { at } = await mirrorOf(t, { ...shelved('kit', ['1.0.0']), ...shelved('tool', ['3.0.0']) })
  await at.sync(['kit', 'tool'])
  const site = siteFor(t)
  await site.export(at)
  const broken = {
    ...shelf,
    routes: shelf.routes.map((one) => (one.view === undefined ? one : { ...one, view: breakFor(one, '/index/kit') })),
  }
  const mounted = at.mirror.repos.get('shelf')
  assert.ok(mounted !== undefined)
  const repos = new Map([['shelf', { ...mounted, ecosystem: broken }]])
  const { faults, deleted } = await exportTo(
    site.root,
    { mirror: { ...at.mirror, repos } },
    { baseUrl: 'http://elsewhere.test' },
  )
  assert.deepEqual(
    faults.map(({ path: name, error }) => [name, error.code]),
    [['/index/kit', 'UNREADABLE']],
  )
  assert.equal(deleted, 0)
  assert.match(site.tree()['shelf/index/kit'] ?? '', /site\.test/)
  assert.match(site.tree()['shelf/index/tool'] ?? '', /elsewhere\.test/)
})

type View = NonNullable<(typeof shelf.routes)[number]['view']>

function breakFor(one: { readonly view?: unknown }, name: string): View {
  const view = one.view as View
  return async (doc, show, p, repo) => {
    if (doc?.path === name) throw new Error('this cannot be shown')
    return view(doc, show, p, repo)
  }
}

test('bytes that the store lost are a fault of the file', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0', '2.0.0']))
  await at.sync(['kit'])
  const ref = at.mirror.catalog.refs.get('shelf', '/files/kit/1.0.0.tgz', '', 0)
  await at.mirror.store.delete(ref?.sha256 ?? '')
  const site = siteFor(t)
  const { faults } = await site.export(at)
  assert.deepEqual(
    faults.map(({ repo, path: name, error }) => [repo, name, error.code]),
    [['shelf', 'shelf/files/kit/1.0.0.tgz', 'DAMAGED']],
  )
  assert.equal(site.tree()['shelf/files/kit/2.0.0.tgz'], 'kit as of 2.0.0')
})

test('made documents that an ecosystem names are exported', async (t) => {
  const making = {
    ...shelf,
    async *made(_: unknown, held: AsyncIterable<{ readonly name?: string }>) {
      for await (const { name } of held) yield `/made/sum/${name}`
    },
  }
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0']), { ecosystems: [making], module })
  await at.sync(['kit'])
  const site = siteFor(t)
  await site.export(at)
  assert.match(site.tree()['shelf/made/sum/kit'] ?? '', /sha256/)
})

test('an export that is stopped while it looks around writes nothing', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0']))
  await at.sync(['kit'])
  const site = siteFor(t)
  const stopped = site.export(at, { signal: AbortSignal.abort() })
  await assert.rejects(stopped, (error) => error instanceof MirrorError && error.code === 'STOPPED')
  assert.throws(() => readdirSync(site.root), { code: 'ENOENT' })
})

/** The texts of what lies at the top, by path. */
function topOf(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(isTop)
  const plain = names.filter((name) => statSync(path.join(root, name)).isFile() && name !== '.pkgmirror/paths')
  return Object.fromEntries(plain.sort().map((name) => [name, readFileSync(path.join(root, name), 'utf8')]))
}

test('the MANIFEST names every file of the tree with its size and digest, and itself alone not', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0']))
  await at.sync(['kit'])
  const site = siteFor(t)
  await site.export(at, { page: () => 'a page', sign: async () => 'a signature\n' })
  const { MANIFEST = '', 'MANIFEST.minisig': signature, 'index.html': page } = topOf(site.root)
  const names = readdirSync(site.root, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(site.root, name)).isFile())
    .filter((name) => !/^MANIFEST|paths$/.test(name))
  const lines = names.sort().map((name) => {
    const bytes = readFileSync(path.join(site.root, name))
    return `${sha256(bytes)} ${bytes.length} ${name}`
  })
  assert.deepEqual(
    MANIFEST.split('\n')
      .slice(3, -2)
      .filter((line) => !line.startsWith(' ')),
    lines,
  )
  assert.deepEqual([signature, page], ['a signature\n', 'a page'])
})

test('two exports of one state are the same at the top too, whatever the clock says', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0']))
  await at.sync(['kit'])
  const page: ExportOptions['page'] = (repos) => JSON.stringify(repos)
  const [one, two] = [siteFor(t), siteFor(t)]
  await one.export(at, { page })
  at.clock.pass(day)
  await two.export(at, { page })
  assert.deepEqual(topOf(one.root), topOf(two.root))
  assert.match(topOf(one.root)['index.html'] ?? '', /"repo":"shelf".*"checked":\d+,"proofs":\{"digest":1/)
})

test('an export of one repository keeps what is told of another, and changes nothing of it', async (t) => {
  const up = await startUpstream({ ...shelved('kit', ['1.0.0']), ...shelved('tool', ['3.0.0']) })
  t.after(() => up.close())
  const at = await openTestMirror({
    repositories: ['one', 'two'].map((name) => ({ ecosystem: 'shelf', name, upstreams: [up.url] })),
  })
  t.after(() => at.close())
  await at.sync(['kit'], { repo: 'one' })
  await at.sync(['tool'], { repo: 'two' })
  const page: ExportOptions['page'] = (repos) => repos.map((one) => one.repo).join(' ')
  const [whole, parts] = [siteFor(t), siteFor(t)]
  await whole.export(at, { page })
  await parts.export(at, { page, repos: ['two'] })
  assert.equal(topOf(parts.root)['index.html'], 'two')
  await parts.export(at, { page, repos: ['one'] })
  assert.deepEqual(topOf(parts.root), topOf(whole.root))
})

test('an earlier MANIFEST that cannot be read is told where something of it stays, and nothing is written', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0']))
  await at.sync(['kit'])
  const site = siteFor(t)
  await site.export(at)
  writeFileSync(path.join(site.root, 'MANIFEST'), 'mine\n')
  await assert.rejects(site.export(at, { repos: ['shelf'] }), { code: 'UNREADABLE', message: /no MANIFEST/ })
  const manifest = (): string => readFileSync(path.join(site.root, 'MANIFEST'), 'utf8')
  assert.equal(manifest(), 'mine\n')
  await site.export(at)
  assert.match(manifest(), /^pkgmirror tree 1\n/, 'the whole tree needs nothing of it')
})

test('a dry run of the same state tells of no change at the top', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0']))
  await at.sync(['kit'])
  const site = siteFor(t)
  await site.export(at, { page: () => 'a page' })
  const changes: unknown[] = []
  await site.export(at, { page: () => 'a page', dryRun: true, changed: (change) => changes.push(change) })
  assert.deepEqual(changes, [])
})

test('a version that is denied goes out of the tree at once, though others have a grace', async (t) => {
  const { at } = await mirrorOf(t, shelved('kit', ['1.0.0', '6.6.6']), { keep: true })
  await at.sync(['kit'])
  const site = siteFor(t)
  await site.export(at)
  const denying = await at.reopen({ policy: { deny: [rule('pkg:shelf/kit@6.6.6')] } })
  t.after(() => rmSync(denying.data, { recursive: true, force: true }))
  t.after(() => denying.close())
  const { deleted, leaving } = await site.export(denying, { grace: day, now: noon })
  assert.deepEqual([deleted, leaving], [1, 0])
  assert.equal(site.tree()['shelf/files/kit/6.6.6.tgz'], undefined)
})

test('a page that a repository at the top has of its own stays its own', async (t) => {
  const up = await startUpstream({ '/loose/x': text('one') })
  t.after(() => up.close())
  const named = {
    ...shelf,
    routes: [route('/loose/:file', { kind: 'artifact', files: () => ['/index.html'] })],
  }
  const at = await openTestMirror({
    ecosystems: [named],
    repositories: [{ ecosystem: 'shelf', name: 'top', mount: '/', upstreams: [up.url] }],
  })
  t.after(() => at.close())
  await at.get('/loose/x')
  const site = siteFor(t)
  await site.export(at, { page: () => 'a page' })
  assert.equal(topOf(site.root)['index.html'], 'one')
})
