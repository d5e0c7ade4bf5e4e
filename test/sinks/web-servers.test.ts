import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { belongsTo, configurations, isListable, type Line, wholeConfigurations } from '../../src/sinks/web-servers.ts'

const lines: Readonly<Record<string, readonly Line[]>> = {
  'content-type': [
    ['/v2/a/manifests/1', 'application/json'],
    ['/v2/index.html', 'application/json'],
  ],
  'docker-content-digest': [['/v2/a/manifests/1', 'sha256:00']],
}
const fields = Object.keys(lines).map((name) => ({ repo: 'oci', name }))
const all = [
  ...configurations({ mount: '/v2', others: ['/v2/a.b', '/v2/quay'] }, 'oci', fields, ({ name }) => lines[name] ?? []),
]
const textOf = (path: string): string => [...(all.find((one) => one.path === path)?.text() ?? [])].join('')

describe('configuration of web servers', () => {
  it('lists each path with its value, and what all others have', () => {
    const map = textOf('servers/nginx/oci/content-type.map')
    assert.match(map, /default "application\/octet-stream";\n {2}"\/v2\/a\/manifests\/1" "application\/json";/)
    assert.match(textOf('servers/nginx/oci/docker-content-digest.map'), /default "";/)
  })

  it('looks there for everything below the mount, in the list of that field', () => {
    const rules = textOf('servers/nginx/oci/oci.locations')
    assert.match(rules, /^location \/v2\/ \{/)
    const [, variable] = /add_header Docker-Content-Digest \$(\w+);/.exec(rules) ?? []
    assert.ok(textOf('servers/nginx/oci/docker-content-digest.map').startsWith(`map $uri $${variable} {`))
  })

  it('knows a folder by its own name too', () => {
    assert.match(textOf('servers/apache/oci/content-type.txt'), /^\/v2\/ application\/json$/m)
    assert.match(textOf('servers/caddy/oci/content-type.map'), /^ {2}\/v2\/ "application\/json"$/m)
  })

  it('leaves alone what is mounted below, whatever order the rules are read in', () => {
    assert.match(textOf('servers/apache/oci/oci.conf'), /^RewriteRule \^\/v2\/\(\?!a\\\.b\/\|quay\/\) - /m)
    assert.match(textOf('servers/caddy/oci/rules.caddy'), /path \/v2\/\*\n {2}not path \/v2\/a\.b\/\* \/v2\/quay\/\*\n/)
  })

  it('holds nothing that a server would obey', () => {
    assert.ok(isListable('/v2/a/manifests/1.0-x', 'application/json'))
    for (const path of ['/a b', '/a"', '/a$b', '/a\nb', '/a{b', '/a;}']) {
      assert.equal(isListable(path, 'x') && /[\s"${}]/.test(path), false, path)
    }
    for (const value of ['"', '$x', 'x\r\nY: z', '{x}', '%{x}']) assert.equal(isListable('/a', value), false, value)
  })

  it('belongs to its repository alone', () => {
    const path = '.pkgmirror/servers/nginx/a.b/content-type.map'
    assert.deepEqual(
      [belongsTo(path, 'a.b'), belongsTo(path, 'a'), belongsTo('.pkgmirror/servers/nginx/0.map', 'a')],
      [true, false, false],
    )
  })

  it('lets servers make no entity tags of their own, which clients would take for upstream’s', () => {
    assert.match(textOf('servers/nginx/oci/oci.locations'), /^ {2}etag off;$/m)
    assert.match(textOf('servers/caddy/oci/rules.caddy'), /^header @\w+ -ETag$/m)
    assert.match(textOf('servers/apache/oci/oci.conf'), /^ {2}FileETag None$/m)
  })

  it('loads whole, on the port of the tree’s address, and names no place of this machine', () => {
    const ports = {
      'http://a.test': '80',
      'http://a.test:8001': '8001',
      'https://a.test': '8080',
      'https://a.test:8443': '8443',
    }
    for (const [base, port] of Object.entries(ports)) {
      const texts = Object.fromEntries(wholeConfigurations(base).map(({ path, text }) => [path, [...text()].join('')]))
      assert.match(texts['servers/nginx/nginx.conf'] ?? '', new RegExp(`^    listen ${port};$`, 'm'))
      assert.match(texts['servers/caddy/Caddyfile'] ?? '', new RegExp(`^http://:${port} \\{$`, 'm'))
      assert.match(texts['servers/apache/httpd.conf'] ?? '', new RegExp(`^Listen ${port}$`, 'm'))
      assert.doesNotMatch(texts['servers/nginx/nginx.conf'] ?? '', /^ *(?:root|include) \//m)
    }
  })
})
