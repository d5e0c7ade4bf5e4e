import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as v from 'valibot'
import { npm } from '../../../src/ecosystems/npm/index.ts'
import { MirrorError } from '../../../src/errors.ts'
import { abbreviated, find, full, makeRepo, upstream } from './builders.ts'

const pattern = (path: string) => {
  try {
    return find(path).route.pattern
  } catch {
    return undefined
  }
}

describe('the routes of npm', () => {
  it('take every path that clients ask', () => {
    const expected = {
      '/express': '/:name+',
      '/@types/node': '/:name+',
      '/JSONStream': '/:name+',
      '/express/-/express-4.0.0.tgz': '/:name+/-/:file',
      '/@types/node/-/node-24.0.0.tgz': '/:name+/-/:file',
      '/express/4.0.0': '/:name+/:version',
      '/express/latest': '/:name+/:version',
      '/@types/node/24.0.0': '/:name+/:version',
      '/-/ping': '/-/ping',
      '/-/npm/v1/keys': '/-/npm/v1/keys',
      '/-/npm/v1/attestations/@types/node@24.0.0': '/-/npm/v1/attestations/:spec+',
      '/-/package/@types/node/dist-tags': '/-/package/:name+/dist-tags',
      '/-/v1/search': '/-/v1/search',
      '/-/npm/v1/security/advisories/bulk': '/-/npm/v1/security/advisories/bulk',
    }
    for (const [path, route] of Object.entries(expected)) assert.equal(pattern(path), route, path)
  })

  it('take nothing else', () => {
    const others = [
      '/-',
      '/-/whoami',
      '/-/user/org.couchdb.user:x',
      '/a/-',
      '/a/-/',
      '/a/-/x.zip',
      '/.git',
      '/_all',
      '/a/b/c/d',
    ]
    const names = [
      '/node_modules',
      '/favicon.ico',
      '/@s',
      '/@s/.x',
      '/@s/-',
      '/a b',
      '/a\u0000',
      '/a\\b',
      '/a/-/.tgz',
      '/a/-/b/c.tgz',
    ]
    for (const path of [...others, ...names, `/${'x'.repeat(300)}`]) assert.equal(pattern(path), undefined, path)
  })

  it('ask upstream at the same paths, with the slash of a scope escaped where upstream needs that', () => {
    const asked = (path: string) => {
      const { route, p } = find(path)
      return route.upstream?.(p, makeRepo())
    }
    for (const path of ['/@types/node', '/@types/node/-/node-1.0.0+b.tgz', '/-/npm/v1/attestations/a@1.0.0']) {
      assert.equal(asked(path), path)
    }
    assert.equal(
      asked('/-/npm/v1/attestations/@types/node@24.0.0'),
      `${upstream}/-/npm/v1/attestations/@types%2fnode@24.0.0`,
    )
  })

  it('never ask upstream for what is outside the repository’s scopes', () => {
    const repo = makeRepo({ scopes: ['@acme'] })
    for (const path of [
      '/express',
      '/@acmeother/x',
      '/express/-/express-1.0.0.tgz',
      '/-/npm/v1/attestations/express@1.0.0',
    ]) {
      const { route, p } = find(path)
      assert.throws(
        () => route.upstream?.(p, repo),
        (error) => error instanceof MirrorError && error.code === 'NOT_FOUND',
        path,
      )
    }
    const { route, p } = find('/@acme/kit')
    assert.equal(route.upstream?.(p, repo), '/@acme/kit')
  })

  it('know whom a tarball and an attestation belong to', () => {
    const tarball = find('/@types/node/-/node-24.0.0.tgz')
    assert.deepEqual(tarball.route.known?.(tarball.p), { name: '@types/node' })
    assert.deepEqual(tarball.route.vouchers?.(tarball.p, makeRepo()), ['/@types/node'])
    const attestation = find('/-/npm/v1/attestations/@types/node@24.0.0')
    assert.deepEqual(attestation.route.known?.(attestation.p), { name: '@types/node', version: '24.0.0' })
  })

  it('put the abbreviated packument where every web server finds it', () => {
    const { route, p } = find('/@types/node')
    assert.deepEqual(route.files?.(p, abbreviated), ['/@types/node/index.json', '/@types/node/index.html'])
    assert.deepEqual(route.files?.(p, full), [])
  })
})

describe('what people write for a package', () => {
  const want = (text: string, scopes?: string[]) => npm.want(text, makeRepo(scopes === undefined ? {} : { scopes }))

  it('is a name, with a range or a tag', () => {
    assert.deepEqual(want('express'), { name: 'express' })
    assert.deepEqual(want('express@*'), { name: 'express' })
    assert.deepEqual(want('express@4'), { name: 'express', range: '4' })
    assert.deepEqual(want('@types/node@~24'), { name: '@types/node', range: '~24' })
    assert.deepEqual(want('react@^19 || ^18'), { name: 'react', range: '^19 || ^18' })
    assert.deepEqual(want('x@latest'), { name: 'x', range: 'latest' })
    assert.deepEqual(want('my-react@npm:react@^18'), { name: 'react', range: '^18' })
  })

  it('is refused where no registry can have it', () => {
    const others = [
      'github:a/b',
      'a/b',
      'git+https://example.net/a.git',
      'https://example.net/a.tgz',
      './a',
      'a@file:../a',
      '*',
      '',
      'a@workspace:*',
      '.a',
    ]
    for (const text of others) {
      assert.throws(
        () => want(text),
        (error) => error instanceof MirrorError && error.code === 'CONFIG',
        text,
      )
    }
  })

  it('is refused outside the repository’s scopes', () => {
    assert.deepEqual(want('@acme/kit', ['@acme']), { name: '@acme/kit' })
    assert.throws(() => want('express', ['@acme']), /outside the scopes of repository npm/)
  })
})

describe('the options of npm', () => {
  it('have defaults, and no unknown keys', () => {
    assert.deepEqual(v.parse(npm.options, {}), {
      signatures: 'when-present',
      keys: 'npm-registry',
      peers: 'follow',
      attestations: 'when-present',
    })
    for (const wrong of [{ scope: ['@a'] }, { scopes: ['acme'] }, { scopes: [] }, { signatures: true }]) {
      assert.equal(v.safeParse(npm.options, wrong).success, false)
    }
  })
})

describe('the set-up of npm’s clients', () => {
  const setup = (base: string, scopes?: string[]) => {
    const texts = npm.setup({ repo: makeRepo(scopes === undefined ? {} : { scopes }), base })
    return new Map(texts.map(({ client, files }) => [client, files?.[0]?.text]))
  }

  it('names the registry in each client’s own file', () => {
    const texts = setup('https://mirror.example.org/npm')
    assert.deepEqual(Object.fromEntries(texts), {
      npm: 'registry=https://mirror.example.org/npm/\nreplace-registry-host=always\n',
      pnpm: 'registry=https://mirror.example.org/npm/\nreplace-registry-host=always\n',
      yarn: 'registry "https://mirror.example.org/npm/"\n',
      'yarn-berry': 'npmRegistryServer: "https://mirror.example.org/npm"\n',
      bun: '[install]\nregistry = "https://mirror.example.org/npm/"\n',
    })
  })

  it('lets Yarn use plain http', () => {
    assert.match(
      setup('http://localhost:8080/npm').get('yarn-berry') ?? '',
      /unsafeHttpWhitelist:\n {2}- "localhost"\n$/,
    )
  })

  it('leaves other packages alone where the repository has scopes', () => {
    const texts = setup('http://localhost:8080/corp', ['@acme'])
    assert.equal(texts.get('npm'), '@acme:registry=http://localhost:8080/corp/\n')
    assert.equal(texts.get('bun'), '[install.scopes]\n"@acme" = "http://localhost:8080/corp/"\n')
    assert.match(texts.get('yarn-berry') ?? '', /^npmScopes:\n {2}"acme":\n {4}npmRegistryServer: "http/)
  })
})

describe('an error in npm’s words', () => {
  it('is JSON with what npm prints', () => {
    const answer = npm.refuse?.(new MirrorError('COOLDOWN', 'a@1.0.0 is two days old'), '/a')
    assert.equal(answer?.status, 403)
    assert.match(JSON.parse(answer?.body ?? '').error, /^a@1\.0\.0 is two days old\. It is younger/)
  })
})

describe('the declaration of npm', () => {
  it('has one upstream, whose other spellings lockfiles use', () => {
    const [repo] = npm.repos
    assert.equal(repo?.name, 'npm')
    assert.ok(repo?.also?.some((address) => address.includes('yarn')))
    assert.ok(!repo?.upstreams.includes(upstream))
  })
})
