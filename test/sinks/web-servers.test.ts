import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { belongsTo, configurations, isListable, type Line } from '../../src/sinks/web-servers.ts'

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
})
