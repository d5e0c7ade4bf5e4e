import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ExportFlags, exportCommand } from '../../src/commands/export.ts'
import { serveStatic, staticApp } from '../../src/commands/static.ts'
import { sync } from '../../src/commands/sync.ts'
import { openSynced, type Said, type Speaking, type Workbench } from './workbench.ts'

let bench: Workbench
before(async () => {
  bench = await openSynced()
})
after(() => bench.close())

const plain: ExportFlags = { dryRun: false, force: false, caseSensitive: false }
const at = (name: string): string => path.join(bench.folder, name)

const exportTo = (flags: Partial<ExportFlags>, speaking?: Speaking): Promise<Said> =>
  bench.say((context) => exportCommand(context, { ...plain, ...flags }), speaking)

function texts(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.startsWith('.pkgmirror'),
  )
  const files = names.filter((name) => statSync(path.join(root, name)).isFile()).sort()
  return Object.fromEntries(files.map((name) => [name, readFileSync(path.join(root, name), 'utf8')]))
}

describe('export', () => {
  it('writes what is held of every repository, and says how clients are pointed at it', async () => {
    const { code, err } = await exportTo({ target: at('site') })
    assert.equal(code, 0, err)
    assert.match(err, /npm: 8 files/)
    assert.match(err, /site holds \d+ files, .* to be served at http:\/\/127\.0\.0\.1:8000\n/)
    assert.match(err, /registry=http:\/\/127\.0\.0\.1:8000\/npm\//)
    assert.match(err, /sparse\+http:\/\/127\.0\.0\.1:8000\/cargo\//)
    const names = Object.keys(texts(at('site')))
    for (const name of [
      'npm/@acme/kit/index.json',
      'npm/-/npm/v1/keys',
      'cargo/config.json',
      'debian/dists/bookworm/InRelease',
    ])
      assert.ok(names.includes(name), name)
  })

  it('writes the address of the tree into documents', async () => {
    await exportTo({ target: at('based'), baseUrl: 'https://site.test/tree/' })
    const tree = texts(at('based'))
    assert.match(tree['cargo/config.json'] ?? '', /"https:\/\/site\.test\/tree\/cargo\/crates\//)
    assert.match(tree['npm/bolt/index.json'] ?? '', /"https:\/\/site\.test\/tree\/npm\/bolt\/-\/bolt-2\.4\.40404\.tgz"/)
    for (const upstream of Object.values(bench.upstreams))
      assert.ok(!JSON.stringify(tree).includes(new URL(upstream.url).host))
  })

  it('asks no upstream', () => {
    for (const upstream of Object.values(bench.upstreams)) assert.equal(upstream.count(), 0)
  })

  it('does nothing the second time', async () => {
    await exportTo({ target: at('twice') })
    const { document } = await exportTo({ target: at('twice') }, { json: true })
    assert.deepEqual([document.linked, document.copied, document.deleted], [0, 0, 0])
    assert.ok(Number(document.unchanged) > Number(document.files), 'what lies at the top counts too')
  })

  it('ends its JSON lines with one of type summary', async () => {
    const { out, document } = await exportTo({ target: at('lines'), repos: ['cargo'] }, { json: true })
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(new Set(lines.slice(0, -1).map((line) => line.type)), new Set(['file']))
    assert.deepEqual([document.schema, document.type, document.code], [1, 'summary', 0])
    assert.deepEqual(Object.keys(document.repositories as object), ['cargo'])
    const paths = lines.slice(0, -1).map((line) => String(line.path))
    const own = paths.filter((one) => one.startsWith('cargo/'))
    assert.equal(own.length, document.files)
    assert.equal(paths.at(-1), 'MANIFEST', 'what names all of them comes last')
  })

  it('shows with --dry-run what would change, and writes nothing', async () => {
    const { code, err } = await exportTo({ target: at('dry'), dryRun: true })
    assert.equal(code, 0)
    assert.match(err, /added npm\/bolt\/index\.json\n/)
    assert.match(err, /Nothing was written/)
    assert.ok(!existsSync(at('dry')))
  })

  it('leaves out what policy denies by now, everywhere', async () => {
    await exportTo({ target: at('denied') })
    const manifest = bench.write(
      'denying.yaml',
      bench.text({ policy: { deny: ['pkg:npm/bolt', 'pkg:cargo/kit-core'] } }),
    )
    const { code, err } = await exportTo({ target: at('denied') }, { files: [manifest] })
    assert.equal(code, 0, err)
    assert.match(err, /denied by policy/)
    const tree = texts(at('denied'))
    const named = Object.keys(tree).filter((name) => /npm\/bolt|kit-core/.test(name))
    assert.deepEqual(named, [])
  })

  it('writes the same tree as an archive', async () => {
    await exportTo({ target: at('site') })
    const one = await exportTo({ target: at('one.tar') })
    await exportTo({ target: at('two.tar') })
    assert.equal(one.code, 0, one.err)
    assert.deepEqual(readFileSync(at('one.tar')), readFileSync(at('two.tar')))
    assert.ok(readFileSync(at('one.tar')).includes(texts(at('site'))['cargo/config.json'] ?? '?'))
  })

  const refused: readonly (readonly [string, () => Promise<Said>, RegExp])[] = [
    ['no target', () => exportTo({}), /where to is not said.*\n.*pkgmirror export \.\/site/],
    ['an unknown repository', () => exportTo({ target: at('x'), repos: ['nmp'] }), /no repository nmp.*\n.*npm/],
    ['JSON lines amid an archive', () => exportTo({ target: '-' }, { json: true }), /--json/],
    ['a directory with other files', () => exportTo({ target: bench.folder }), /no export wrote.*\n.*--force/],
    [
      'a data directory that is not there',
      () => exportTo({ target: at('x') }, { flags: { data: at('nowhere') } }),
      /no mirror at/,
    ],
  ]
  for (const [what, run, message] of refused) {
    it(`refuses ${what} with exit code 2`, async () => {
      const { code, err } = await run()
      assert.equal(code, 2)
      assert.match(err, message)
    })
  }
})

describe('a sync with publish.directory', () => {
  const publishing = (): string =>
    bench.write(
      'publishing.yaml',
      bench.text({ publish: { directory: at('published'), base_url: 'https://site.test' } }),
    )

  it('exports after it', async () => {
    const { code, err } = await bench.say((context) => sync(context, { dryRun: false }), { files: [publishing()] })
    assert.equal(code, 0, err)
    assert.match(texts(at('published'))['cargo/config.json'] ?? '', /https:\/\/site\.test\/cargo/)
    assert.match(err, /to be served at https:\/\/site\.test/)
  })

  it('tells so in a JSON line before its own summary', async () => {
    const { out } = await bench.say((context) => sync(context, { dryRun: false }), {
      files: [publishing()],
      json: true,
    })
    const types = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    assert.deepEqual(types.slice(-2), ['published', 'summary'])
  })

  it('exports nothing when it is a dry run', async () => {
    const manifest = bench.write('dry.yaml', bench.text({ publish: { directory: at('unpublished') } }))
    await bench.say((context) => sync(context, { dryRun: true }), { files: [manifest] })
    assert.ok(!existsSync(at('unpublished')))
  })

  it('is where an export goes that names no target', async () => {
    const { code, err } = await exportTo({}, { files: [publishing()] })
    assert.equal(code, 0, err)
    assert.match(err, /published holds/)
  })
})

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends the path as it is written. */
async function ask(
  port: number,
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  const asked = request({ host: '127.0.0.1', port, path: target, headers, method }).end()
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  const pieces = (await Array.fromAsync(answer)) as Uint8Array[]
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces).toString() }
}

describe('serve --static', () => {
  let port = 0
  const server = createServer((asked, answer) => staticApp(at('plain')).handle(asked, answer))
  before(async () => {
    await exportTo({ target: at('plain') })
    mkdirSync(at('plain/npm/index/-'), { recursive: true })
    writeFileSync(at('plain/npm/index/index.json'), '{"name":"index"}')
    mkdirSync(at('plain/cargo/in/de'), { recursive: true })
    writeFileSync(at('plain/cargo/in/de/index'), 'a crate')
    writeFileSync(at('plain/cargo/in/de/page.html'), 'a page')
    symlinkSync(bench.folder, at('plain/out'))
    symlinkSync(bench.manifest, at('plain/manifest'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const shown: readonly (readonly [string, string, RegExp])[] = [
    ['a document', '/cargo/config.json', /^\{"dl":/],
    ['a folder by its index', '/npm/bolt', /"name":"bolt"/],
    ['a folder with a slash', '/npm/bolt/', /"name":"bolt"/],
    ['an escaped slash', '/npm/@acme%2fkit', /"name":"@acme\/kit"/],
    ['a file that is named index', '/cargo/in/de/index', /^a crate$/],
    ['a package that is named index', '/npm/index', /"name":"index"/],
    ['a page by its whole name', '/cargo/in/de/page.html', /^a page$/],
    ['an artifact', '/npm/bolt/-/bolt-2.4.40404.tgz', /^the files of bolt/],
  ]
  for (const [what, target, body] of shown) {
    it(`shows ${what}`, async () => {
      const answer = await ask(port, target)
      assert.equal(answer.status, 200)
      assert.match(answer.body, body)
    })
  }

  const hidden = ['/out/manifest.yaml', '/manifest', '/.pkgmirror/paths', '/npm/nothing', '/cargo/config.json/']
  for (const target of hidden) {
    it(`has nothing at ${target}`, async () => assert.equal((await ask(port, target)).status, 404))
  }

  it('refuses paths that climb, and other methods', async () => {
    assert.equal((await ask(port, '/%2e%2e/manifest.yaml')).status, 400)
    assert.equal((await ask(port, '/npm/bolt', {}, 'POST')).status, 405)
  })

  it('answers with a part, but never with one of a file that may have changed', async () => {
    const part = await ask(port, '/cargo/config.json', { range: 'bytes=2-3' })
    assert.deepEqual([part.status, part.body], [206, 'dl'])
    const whole = await ask(port, '/cargo/config.json', { range: 'bytes=2-3', 'if-range': '"old"' })
    assert.equal(whole.status, 200)
  })

  it('answers HEAD with the length', async () => {
    const { status, headers, body } = await ask(port, '/npm/bolt/-/bolt-2.4.40404.tgz', {}, 'HEAD')
    assert.deepEqual([status, headers['content-length'], body], [200, '34', ''])
  })

  it('listens where it is told until it is stopped', async () => {
    const stopping = new AbortController()
    const said = await bench.say(
      async (context) => {
        setTimeout(() => stopping.abort(), 50)
        return serveStatic({ ...context, signal: stopping.signal }, at('plain'))
      },
      { json: true, flags: { listen: '127.0.0.1:0' } },
    )
    assert.equal(said.code, 0, said.err)
    assert.equal(said.document.type, 'ready')
    assert.match(String(said.document.addresses), /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
  })

  it('refuses a directory that is not there with exit code 2', async () => {
    const { code, err } = await bench.say((context) => serveStatic(context, at('nowhere')))
    assert.equal(code, 2)
    assert.match(err, /is no directory.*\n.*pkgmirror export/)
  })
})
