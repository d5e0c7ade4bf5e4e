// What `export --check` says of web servers that serve a tree well, and of those that do one thing wrong.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { exportCommand } from '../../src/commands/export.ts'
import { exportCheck } from '../../src/commands/export-check.ts'
import { keys } from '../../src/commands/keys.ts'
import { staticApp } from '../../src/commands/static.ts'
import { openSynced, type Said, type Workbench } from './workbench.ts'

let bench: Workbench
let tree = ''

before(async () => {
  bench = await openSynced()
  tree = path.join(bench.folder, 'tree')
  const { code, err } = await write()
  assert.equal(code, 0, err)
})
after(() => bench.close())

const write = (): Promise<Said> =>
  bench.say((context) =>
    exportCommand(context, {
      target: tree,
      dryRun: false,
      force: false,
      caseSensitive: false,
      baseUrl: 'http://site.test',
    }),
  )

/** Handles a request itself, by returning true. */
type Fault = (request: IncomingMessage, response: ServerResponse) => boolean | undefined

interface Told {
  readonly said: Said
  /** The kinds of problems. */
  readonly found: readonly string[]
  readonly advice: string
}

async function checked(fault: Fault = () => false, sample?: string): Promise<Told> {
  const app = staticApp(tree)
  const server = createServer((request, response) => {
    response.setHeader('server', 'nginx/1.0')
    if (fault(request, response) !== true) app.handle(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const said = await bench.say((context) => exportCheck(context, url, sample), { json: true })
    const { problems = {}, advice = [] } = said.document as {
      problems?: Record<string, number>
      advice?: readonly { text: string }[]
    }
    return { said, found: Object.keys(problems).sort(), advice: advice.map(({ text }) => text).join('\n') }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const answer = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string | Buffer,
): true => {
  response.writeHead(status, headers)
  response.end(body)
  return true
}

describe('export --check', () => {
  it('finds nothing wrong with a server that serves the tree as it is', async () => {
    const { said, found } = await checked()
    assert.equal(said.code, 0, said.out)
    assert.deepEqual(found, [])
    const { files, checked: looked, signature, baseUrl, server } = said.document
    assert.ok(Number(files) > Number(looked) && Number(looked) > 5)
    assert.deepEqual([signature, baseUrl, server], [{ state: 'none' }, 'http://site.test', 'nginx/1.0'])
  })

  it('tells people the same, and for which address the tree was made', async () => {
    const server = createServer((request, response) => staticApp(tree).handle(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { code, err } = await bench.say((context) => exportCheck(context, url, undefined))
    server.closeAllConnections()
    server.close()
    assert.equal(code, 0)
    assert.match(err, /made for http:\/\/site\.test.*\n.*MANIFEST not signed\.\nClients are served as they need it\./)
  })

  const isTarball = ({ url = '' }: IncomingMessage): boolean => url.endsWith('.tgz')
  const faults: readonly (readonly [string, Fault, readonly string[], number, RegExp])[] = [
    ['refuses files', (q, r) => isTarball(q) && answer(r, 403, {}, ''), ['status'], 3, /`location ~ \/\\.` must not/],
    ['sends other bytes', (q, r) => isTarball(q) && answer(r, 200, {}, 'other'), ['bytes'], 4, /copy the tree again/],
    [
      'says that archives are encoded',
      (q, r) => {
        if (isTarball(q)) r.setHeader('content-encoding', 'gzip')
        return false
      },
      ['encoding'],
      3,
      /gzip off/,
    ],
    [
      'packs archives for those who take it',
      (q, r) =>
        isTarball(q) &&
        (q.headers['accept-encoding'] ?? '').includes('gzip') &&
        answer(r, 200, { 'content-encoding': 'gzip' }, gzipSync('x')),
      ['encoding'],
      3,
      /gzip off/,
    ],
    [
      'knows no ranges',
      (q) => {
        delete q.headers.range
        return false
      },
      ['no-ranges'],
      0,
      /max_ranges/,
    ],
    [
      'sends a wrong part',
      (q, r) => q.headers.range !== undefined && answer(r, 206, { 'content-range': 'bytes 1-2/3' }, 'xx'),
      ['range'],
      3,
      /Parts of files are wrong/,
    ],
    [
      'has no index for folders',
      (q, r) => /\/npm\/bolt\/?$/.test(q.url ?? '') && answer(r, 404, {}, ''),
      ['index'],
      3,
      /index index\.json index\.html/,
    ],
    [
      'lists folders instead',
      (q, r) => q.url === '/npm/bolt' && answer(r, 200, {}, '<pre>'),
      ['index'],
      3,
      /index\.json/,
    ],
    ['takes no %2f', (q, r) => (q.url ?? '').includes('%2f') && answer(r, 404, {}, ''), ['slash'], 3, /%2f/],
    [
      'redirects to another port',
      (q, r) => q.url === '/npm/bolt' && answer(r, 301, { location: 'http://127.0.0.1:1/npm/bolt/' }, ''),
      ['redirect'],
      3,
      /absolute_redirect off/,
    ],
    [
      'redirects for ever',
      (q, r) => q.url === '/npm/bolt' && answer(r, 301, { location: '/npm/bolt' }, ''),
      ['index'],
      3,
      /index\.json/,
    ],
    [
      'tells no types',
      (_, r) => {
        const { writeHead } = r
        r.writeHead = ((status: number, { 'Content-Type': __, ...rest }: Record<string, string>) =>
          writeHead.call(r, status, rest)) as typeof r.writeHead
        return false
      },
      ['type', 'type-unknown'],
      3,
      /text\/html[\s\S]*mime\.types/,
    ],
  ]
  for (const [what, fault, kinds, code, advice] of faults) {
    it(`tells of a server that ${what}, and what to change`, async () => {
      const told = await checked(fault)
      assert.deepEqual([told.found, told.said.code], [kinds, code], told.said.out)
      assert.match(told.advice, advice)
    })
  }

  it('looks at a sample, and at some files of each kind in any case', async () => {
    const { said } = await checked(undefined, '0.0001%')
    assert.equal(said.code, 0, said.out)
    assert.ok(Number(said.document.checked) > 4)
  })

  it('tells of a page in place of the MANIFEST', async () => {
    const { said } = await checked((q, r) => q.url === '/MANIFEST' && answer(r, 200, {}, '<html>'))
    assert.match(said.err, /no MANIFEST of an exported tree/)
    assert.equal(said.code, 3)
  })

  it('tells of an address without a tree, of one that nobody answers, and of one that is none', async () => {
    const { said } = await checked((_, r) => answer(r, 404, {}, ''))
    assert.match(said.err, /MANIFEST is answered with 404/)
    const nobody = await bench.say((context) => exportCheck(context, 'http://127.0.0.1:1', undefined))
    assert.deepEqual([nobody.code, /does not answer/.test(nobody.err)], [6, true])
    for (const address of ['mirror', 'ftp://mirror.example.org', 'http://mirror.example.org/?a']) {
      assert.equal((await bench.say((context) => exportCheck(context, address, undefined))).code, 2)
    }
    assert.equal((await bench.say((context) => exportCheck(context, 'http://127.0.0.1:1', '7'))).code, 2)
  })

  it('knows the signature of the mirror’s own key, and refuses one that does not fit', async () => {
    const made = await bench.say(
      (context) => keys(context, 'create', { what: undefined, name: undefined, public: false }),
      {
        json: true,
      },
    )
    await write()
    const good = await checked()
    assert.deepEqual(good.said.document.signature, { state: 'good', key: made.document.id })
    writeFileSync(path.join(tree, 'MANIFEST.minisig'), 'untrusted comment: nothing\n')
    const bad = await checked()
    assert.equal(bad.said.code, 4)
  })
})
