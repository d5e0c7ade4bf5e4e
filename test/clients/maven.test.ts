// Maven and Gradle against a repository on loopback.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it, type TestContext } from 'node:test'
import { pom } from '../ecosystems/maven/repository.ts'
import { dependencies, given, type Kind, startMavenReplica } from '../replica/maven.ts'
import { build, type MavenProject } from './maven-suite.ts'
import { pkgmirror, serve } from './mirror.ts'
import { environment, execute, files, folder, found, mainland } from './place.ts'
import { suite } from './suite.ts'
import { emptyMirror, originOf, type Use, voyage, withoutNetwork } from './voyage.ts'

/** Maven asks its own repository for snapshots only when it is told to. */
const snapshots = `<repositories><repository><id>central</id><url>https://registry.example.org</url>
<snapshots><enabled>true</enabled></snapshots></repository></repositories>`

const project: MavenProject = {
  files: { 'pom.xml': pom('project:1', { packaging: 'pom', dependencies, more: snapshots }) },
  goals: ['org.example.plugins:given-maven-plugin:write'],
  printed: (at) => readFileSync(`${at}/given.txt`, 'utf8'),
}
const expected = `${given.join('\n')}\n`

async function origin(t: TestContext, kind: Kind) {
  const replica = await startMavenReplica(kind)
  if (replica === undefined) return undefined
  const text = `repositories:\n  maven: { upstream: "${replica.upstream.url}" }\n`
  return { replica, ...originOf(t, replica.upstream, text) }
}

const missing = ['mvn', 'javac', 'jar'].find((program) => found(program) === undefined)

suite('mvn', missing && `${missing} is not on this machine`, () => {
  it('builds the same through the mirror, offline and exported', async (t) => {
    const from = await origin(t, 'with everything')
    if (from === undefined) return t.skip('the plugin cannot be compiled here')
    const { printed } = await voyage(t, from, build(t, project))
    assert.equal(printed, expected)
  })

  it('builds offline what a sync has brought, each file fetched once', async (t) => {
    const from = await origin(t, 'with sha1 alone')
    if (from === undefined) return t.skip('the plugin cannot be compiled here')
    const { replica, configuration, stop } = from
    const mirror = emptyMirror(t, configuration)
    const wants = [
      'org.example:orchard:[1,2)',
      'org.example:sprout:1.0-SNAPSHOT',
      'org.example.plugins:given-maven-plugin',
    ]
    const plugins = '{ name: "org.example:build:1", plugins: true }'
    const manifest = files(folder(t), {
      'm.yaml': `packages:\n  maven: [${wants.map((each) => JSON.stringify(each)).join(', ')}, ${plugins}]\n`,
    })
    const buildPom = pom('build:1', {
      packaging: 'pom',
      more: '<build><plugins><plugin><groupId>org.example.plugins</groupId><artifactId>given-maven-plugin</artifactId></plugin></plugins></build>',
    })
    replica.add('/org/example/build/1/build-1.pom', buildPom)
    await pkgmirror(mirror, 'sync', `${manifest}/m.yaml`)
    const online = await serve(t, mirror)
    const use = build(t, { ...project, goals: ['given:write'] })
    const first = await use(online.url, mainland)
    assert.equal(first.printed, expected)
    assert.deepEqual(
      replica.files.filter((each) => replica.upstream.count(each) > 1),
      [],
    )
    await online.stop()
    await stop()
    await withoutNetwork(t, mirror, use, first)
  })
})

/** Names of the files that Gradle gives a configuration, out of an empty home. */
function resolve(t: TestContext): Use<string> {
  return async (url, { enter }) => {
    const at = files(folder(t), {
      'settings.gradle': '',
      'build.gradle': `repositories {
  maven {
    url '${url}/maven'
    if (it.hasProperty('allowInsecureProtocol')) allowInsecureProtocol = true
  }
}
configurations { wanted }
dependencies { wanted 'org.example:orchard:1.+' }
task given { doLast { configurations.wanted.files.collect { it.name }.sort().each { println it } } }
`,
    })
    const argv = [...enter, 'gradle', '-q', '--no-daemon', '-g', `${at}/home`, 'given']
    return execute({ argv, cwd: at, env: environment(at) })
  }
}

const lacking = ['gradle', 'javac', 'jar'].find((program) => found(program) === undefined)

suite('gradle', lacking && `${lacking} is not on this machine`, () => {
  it('resolves the same through the mirror, offline and exported, a newest version included', async (t) => {
    const from = await origin(t, 'with everything')
    if (from === undefined) return t.skip('the plugin cannot be compiled here')
    const names = await voyage(t, from, resolve(t))
    for (const name of ['orchard-1.2.0.jar', 'pip-1.0.jar', 'ladder-1.0-linux.jar'])
      assert.ok(names.includes(name), name)
  })
})
