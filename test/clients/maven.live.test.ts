// Maven and the real repository behind the mirror: the Maven of this machine, and one that the mirror itself brings.

import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { maven } from '../../src/ecosystems/maven/index.ts'
import { dep, pom } from '../ecosystems/maven/repository.ts'
import { build, type MavenProject } from './maven-suite.ts'
import { type Mirror, pkgmirror, serve } from './mirror.ts'
import { environment, execute, files, folder, found, mainland } from './place.ts'
import { live } from './real.ts'
import { emptyMirror, withoutNetwork } from './voyage.ts'

const project: MavenProject = {
  files: {
    'pom.xml': pom('app:1', {
      properties: {
        'maven.compiler.source': '8',
        'maven.compiler.target': '8',
        'project.build.sourceEncoding': 'UTF-8',
      },
      dependencies: [
        dep('org.slf4j:slf4j-simple:2.0.9'),
        dep('com.google.guava:guava:33.0.0-jre'),
        dep('junit:junit:4.13.2', { scope: 'test' }),
      ],
    }),
    'src/main/java/app/App.java':
      'package app; public class App { public static String joined() { return com.google.common.base.Joiner.on("-").join("a", "b"); } }\n',
    'src/test/java/app/AppTest.java':
      'package app; public class AppTest { @org.junit.Test public void joins() { org.junit.Assert.assertEquals("a-b", App.joined()); } }\n',
  },
  goals: ['package'],
  printed: (at) => (existsSync(path.join(at, 'target/app-1.jar')) ? 'packaged' : 'not packaged'),
}

const manifest = (version: string): string => `packages:
  maven:
    - { name: "org.apache.maven:maven-core:${version}", follow: [], packagings: [jar] }
    - org.slf4j:slf4j-simple:2.0.9
    - com.google.guava:guava:33.0.0-jre
    - junit:junit:4.13.2
`

async function synced(t: TestContext, version: string): Promise<Mirror> {
  const mirror = emptyMirror(t, '')
  await pkgmirror(mirror, 'sync', `${files(folder(t), { 'm.yaml': manifest(version) })}/m.yaml`)
  return mirror
}

const missing = ['mvn', 'javac', 'jar'].find((program) => found(program) === undefined)
const options = missing === undefined ? await live(maven) : { skip: `${missing} is not on this machine` }

describe('mvn with real artifacts', options, () => {
  it('packages and tests, with the network off, out of what a sync has brought, and out of its export', async (t) => {
    const said = await execute({ argv: ['mvn', '-v'], cwd: folder(t), env: environment(folder(t)) })
    const [, version = ''] = /Apache Maven (\d+\.\d+\.\d+)/.exec(said) ?? []
    const mirror = await synced(t, version)
    const online = await serve(t, mirror)
    const use = build(t, project)
    const first = await use(online.url, mainland)
    assert.equal(first.printed, 'packaged')
    await online.stop()
    await withoutNetwork(t, mirror, use, first)
  })

  it('is itself a file of the repository, in a newer release that asks for no checksum files', async (t) => {
    const version = '3.9.9'
    const mirror = await synced(t, version)
    const online = await serve(t, mirror)
    const at = folder(t)
    const address = `${online.url}/maven/org/apache/maven/apache-maven/${version}/apache-maven-${version}-bin.zip`
    writeFileSync(path.join(at, 'maven.zip'), Buffer.from(await (await fetch(address)).arrayBuffer()))
    await execute({ argv: ['jar', 'xf', 'maven.zip'], cwd: at, env: environment(at) })
    const use = build(t, project, ['sh', path.join(at, `apache-maven-${version}/bin/mvn`)])
    assert.equal((await use(online.url, mainland)).printed, 'packaged')
  })
})
