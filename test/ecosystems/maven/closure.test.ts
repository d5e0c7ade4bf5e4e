import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Platform, Selector } from '../../../src/contract.ts'
import { closure } from '../../../src/ecosystems/maven/closure.ts'
import { want } from '../../../src/ecosystems/maven/want.ts'
import { MirrorError } from '../../../src/errors.ts'
import { fileName, gather, look, repo } from './builders.ts'
import { dep, listPath, metadata, type PomOf, path, pom, property } from './repository.ts'

const from = { file: 'manifest.yaml' }
type Want = Partial<Selector> & { readonly line: string }

/** A repository of these artifacts, each with a descriptor, a jar, and a list of its versions. */
function repository(artifacts: Readonly<Record<string, PomOf>>, more: Readonly<Record<string, string>> = {}) {
  const bodies: Record<string, string> = { ...more }
  const versions = new Map<string, string[]>()
  for (const [coordinate, of] of Object.entries(artifacts)) {
    bodies[path(coordinate)] ??= pom(coordinate, of)
    const name = coordinate.slice(0, coordinate.lastIndexOf(':'))
    versions.set(name, [...(versions.get(name) ?? []), coordinate.slice(name.length + 1)])
  }
  for (const [name, all] of versions) bodies[listPath(name)] = metadata(name, all)
  return bodies
}

async function held(
  wants: readonly (string | Want)[],
  bodies: Readonly<Record<string, string | Uint8Array>>,
  more: { readonly platforms?: readonly Platform[]; readonly options?: unknown } = {},
) {
  const { look: looked, lacking, asked } = look(bodies, more)
  const selectors = wants.map((one) => {
    const { line, ...rest } = typeof one === 'string' ? { line: one } : one
    const meant = want(`org.example:${line}`, repo())
    return { ...meant, ...rest, from, options: { ...meant.options, ...rest.options } }
  })
  const entries = await gather(closure(selectors, looked))
  const names = entries.map(fileName)
  return {
    lacking,
    asked,
    paths: entries.map((entry) => entry.path),
    names,
    jars: names.filter((name) => !name.endsWith('.pom')).sort(),
    poms: names.filter((name) => name.endsWith('.pom')).sort(),
  }
}

describe('a closure', () => {
  it('holds descriptors, their parents and BOMs, and the files of compile and runtime dependencies', async () => {
    const { jars, poms, lacking } = await held(
      ['kit:1.0'],
      repository({
        'kit:1.0': {
          parent: 'base:3',
          dependencies: [dep('core'), dep('log:2', { scope: 'runtime' }), dep('never:1', { scope: 'test' })],
        },
        'base:3': { packaging: 'pom', managed: [dep('bom:5', { type: 'pom', scope: 'import' })] },
        'bom:5': { packaging: 'pom', parent: 'base-of-boms:1', managed: [dep('core:1.7')] },
        'base-of-boms:1': { packaging: 'pom' },
        'core:1.7': {
          dependencies: [dep('deep:1'), dep('never:1', { optional: true }), dep('never:2', { scope: 'provided' })],
        },
        'deep:1': {},
        'log:2': {},
      }),
    )
    assert.deepEqual(jars, ['core-1.7.jar', 'deep-1.jar', 'kit-1.0.jar', 'log-2.jar'])
    assert.deepEqual(poms, [
      'base-3.pom',
      'base-of-boms-1.pom',
      'bom-5.pom',
      'core-1.7.pom',
      'deep-1.pom',
      'kit-1.0.pom',
      'log-2.pom',
    ])
    assert.deepEqual(lacking, [])
  })

  it('resolves properties of its own, of parents and of the project, however they are nested', async () => {
    const { jars } = await held(
      ['kit:1.0'],
      repository({
        'kit:1.0': {
          parent: 'base:3',
          properties: { 'core.version': `1.${property('minor')}` },
          dependencies: [
            dep(`core:${property('core.version')}`),
            dep(`twin:${property('project.version')}`),
            dep(`lost:${property('nowhere')}`),
          ],
        },
        'base:3': { packaging: 'pom', properties: { minor: '7', 'core.version': '0' } },
        'core:1.7': {},
        'twin:1.0': {},
      }),
    )
    assert.deepEqual(jars, ['core-1.7.jar', 'kit-1.0.jar', 'twin-1.0.jar'])
  })

  it('holds the versions that Maven and Gradle would choose, and the descriptors of those that lose', async () => {
    const { jars, poms } = await held(
      ['kit:1'],
      repository({
        'kit:1': { dependencies: [dep('near:1'), dep('shared:1')] },
        'near:1': { dependencies: [dep('middle:1')] },
        'middle:1': { dependencies: [dep('shared:3'), dep('late:1')] },
        'late:1': { dependencies: [dep('shared:2')] },
        'shared:1': {},
        'shared:2': {},
        'shared:3': {},
      }),
    )
    // nearest: shared 1; highest: shared 3
    assert.deepEqual(jars, ['kit-1.jar', 'late-1.jar', 'middle-1.jar', 'near-1.jar', 'shared-1.jar', 'shared-3.jar'])
    assert.ok(poms.includes('shared-2.pom'))
  })

  it('holds what the management of the wanted artifact chooses, and what is chosen without it', async () => {
    const { jars } = await held(
      ['kit:1'],
      repository({
        'kit:1': { managed: [dep('deep:2')], dependencies: [dep('middle:1')] },
        'middle:1': { dependencies: [dep('deep:1')] },
        'deep:1': {},
        'deep:2': {},
      }),
    )
    assert.deepEqual(jars, ['deep-1.jar', 'deep-2.jar', 'kit-1.jar', 'middle-1.jar'])
  })

  it('leaves out what is excluded, also by a star, but not for those who reach it otherwise', async () => {
    const artifacts = {
      'kit:1': {
        dependencies: [dep('a:1', { exclusions: ['org.example:gone'] }), dep('b:1', { exclusions: ['*:*'] })],
      },
      'a:1': { dependencies: [dep('gone:1'), dep('kept:1')] },
      'b:1': { dependencies: [dep('all-gone:1')] },
      'other:1': { dependencies: [dep('a:1')] },
      'gone:1': {},
      'kept:1': {},
      'all-gone:1': {},
    }
    assert.deepEqual((await held(['kit:1'], repository(artifacts))).jars, [
      'a-1.jar',
      'b-1.jar',
      'kept-1.jar',
      'kit-1.jar',
    ])
    const both = await held(['kit:1', 'other:1'], repository(artifacts))
    assert.ok(both.jars.includes('gone-1.jar'))
  })

  it('takes types, classifiers and packagings for the files that they mean', async () => {
    const { jars } = await held(
      ['kit:1', 'app:1', 'plug:1', { line: 'tool:zip:bin:1', follow: [] }],
      repository({
        'kit:1': {
          packaging: 'bundle',
          dependencies: [
            dep('native:1', { classifier: 'linux' }),
            dep('mock:1', { type: 'test-jar' }),
            dep('screen:1', { type: 'aar' }),
            dep('only-descriptor:1', { type: 'pom' }),
            dep('starter:1'),
          ],
        },
        'native:1': {},
        'mock:1': {},
        'screen:1': { packaging: 'aar' },
        'only-descriptor:1': { packaging: 'pom' },
        'starter:1': { packaging: 'pom' },
        'app:1': { packaging: 'war' },
        'plug:1': { packaging: 'maven-plugin' },
        'tool:1': { packaging: 'pom' },
      }),
    )
    assert.deepEqual(jars, [
      'app-1.war',
      'kit-1.jar',
      'mock-1-tests.jar',
      'native-1-linux.jar',
      'plug-1.jar',
      'screen-1.aar',
      'tool-1-bin.zip',
    ])
  })

  it('follows a relocation, and holds both descriptors', async () => {
    const moved = '<distributionManagement><relocation><groupId>org.new</groupId></relocation></distributionManagement>'
    const { jars, poms } = await held(
      ['kit:1'],
      repository({ 'kit:1': { dependencies: [dep('old:2')] }, 'old:2': { more: moved }, 'org.new:old:2': {} }),
    )
    assert.deepEqual(jars, ['kit-1.jar', 'old-2.jar'])
    assert.deepEqual(poms, ['kit-1.pom', 'old-2.pom', 'old-2.pom'])
  })

  it('takes the highest of a range, and no release to come', async () => {
    const { jars, asked } = await held(
      ['kit:1'],
      repository({
        'kit:1': { dependencies: [dep('deep:[1,2)')] },
        'deep:1.0': {},
        'deep:1.9': {},
        'deep:2.0': {},
        'deep:1.10-rc1': {},
      }),
    )
    assert.deepEqual(jars, ['deep-1.9.jar', 'kit-1.jar'])
    assert.ok(asked.includes(listPath('deep')))
  })

  it('holds beside the highest of a range the versions that others ask for, by which Gradle may meet it', async () => {
    const { jars } = await held(
      ['kit:1'],
      repository({
        'kit:1': { dependencies: [dep('deep:[1,2)'), dep('other:1')] },
        'other:1': { dependencies: [dep('deep:1.0')] },
        'deep:1.0': {},
        'deep:1.9': {},
      }),
    )
    assert.deepEqual(jars, ['deep-1.0.jar', 'deep-1.9.jar', 'kit-1.jar', 'other-1.jar'])
  })

  it('takes the newest build of a snapshot', async () => {
    const builds = `<metadata><versioning><snapshotVersions>${['1.0-20260101.120000-3', '1.0-20260102.120000-4']
      .flatMap((value) =>
        ['pom', 'jar'].map(
          (ending) => `<snapshotVersion><extension>${ending}</extension><value>${value}</value></snapshotVersion>`,
        ),
      )
      .join('')}</snapshotVersions></versioning></metadata>`
    const { names } = await held(['kit:1.0-SNAPSHOT'], {
      [listPath('kit', '1.0-SNAPSHOT')]: builds,
      [path('kit:1.0-20260102.120000-4')]: pom('kit:1.0-SNAPSHOT'),
    })
    assert.deepEqual(names, ['kit-1.0-20260102.120000-4.pom', 'kit-1.0-20260102.120000-4.jar'])
  })

  it('holds as many of the newest versions as are wanted', async () => {
    const bodies = repository({ 'kit:1': {}, 'kit:2': {}, 'kit:3': {}, 'kit:4-beta-1': {} })
    assert.deepEqual((await held(['kit'], bodies)).jars, ['kit-3.jar'])
    assert.deepEqual((await held([{ line: 'kit', keep: 2 }], bodies)).jars, ['kit-2.jar', 'kit-3.jar'])
    assert.deepEqual((await held(['kit:(,3)'], bodies)).jars, ['kit-2.jar'])
  })

  it('reads no list for a version that is exact', async () => {
    const { asked } = await held(['kit:1', { line: 'kit:[2]' }], repository({ 'kit:1': {}, 'kit:2': {} }))
    assert.ok(!asked.includes(listPath('kit')))
  })

  it('follows what the want says, and nothing when it says so', async () => {
    const bodies = repository({
      'kit:1': { dependencies: [dep('a:1'), dep('t:1', { scope: 'test' }), dep('o:1', { optional: true })] },
      'a:1': {},
      't:1': { dependencies: [dep('deep:1')] },
      'deep:1': {},
      'o:1': {},
    })
    assert.deepEqual((await held([{ line: 'kit:1', follow: [] }], bodies)).names, ['kit-1.pom', 'kit-1.jar'])
    assert.deepEqual((await held([{ line: 'kit:1', follow: ['compile', 'test'] }], bodies)).jars, [
      'a-1.jar',
      'deep-1.jar',
      'kit-1.jar',
      't-1.jar',
    ])
    await assert.rejects(
      held([{ line: 'kit:1', follow: ['magic'] }], bodies),
      (error) => error instanceof MirrorError && error.code === 'CONFIG',
    )
  })

  it('holds what a BOM manages when that is wanted, and classifiers that are there', async () => {
    const bom = { packaging: 'pom', managed: [dep('a:1'), dep('b:2', { type: 'test-jar' })] }
    const bodies = {
      ...repository({ 'bom:1': bom, 'a:1': {}, 'b:2': {} }),
      '/.checksums/md5/org/example/a/1/a-1-sources.jar': 'x',
    }
    assert.deepEqual((await held(['bom:1'], bodies)).names, ['bom-1.pom'])
    assert.deepEqual((await held([{ line: 'bom:1', options: { managed: true } }], bodies)).jars, [
      'a-1.jar',
      'b-2-tests.jar',
    ])
    const extras = await held([{ line: 'a:1', options: { classifiers: ['sources', 'javadoc'] } }], bodies)
    assert.deepEqual(extras.jars, ['a-1-sources.jar', 'a-1.jar'])
  })

  it('goes over every platform only where a descriptor asks for the system', async () => {
    const profile = (name: string, arch: string) =>
      `<profile><id>${name}</id><activation><os><family>${name}</family><arch>${arch}</arch></os></activation><properties><natives>${name}-${arch}</natives></properties></profile>`
    const bodies = repository({
      'kit:1': {
        more: `<profiles>${profile('unix', 'amd64')}${profile('windows', 'amd64')}</profiles>`,
        dependencies: [dep('native:1', { classifier: property('natives') })],
      },
      'native:1': {},
    })
    const platforms = [
      { os: 'linux', cpu: 'x64' },
      { os: 'win32', cpu: 'x64' },
    ]
    assert.deepEqual((await held(['kit:1'], bodies, { platforms })).jars, [
      'kit-1.jar',
      'native-1-unix-amd64.jar',
      'native-1-windows-amd64.jar',
    ])
    assert.deepEqual((await held(['kit:1'], bodies, { platforms: [{ os: 'linux', cpu: 'x64' }] })).jars, [
      'kit-1.jar',
      'native-1-unix-amd64.jar',
    ])
  })

  it('says what cannot be had, and goes on', async () => {
    const { lacking, names } = await held(['kit:[5,6)', 'gone:1', 'bad:1', 'good:1'], {
      ...repository({ 'kit:1': {}, 'good:1': {} }),
      [path('bad:1')]: '<project><unclosed></project>',
    })
    assert.deepEqual(lacking.length, 2)
    assert.match(lacking[0] ?? '', /org\.example:kit: .*satisfies \[5,6\)/)
    assert.match(lacking[1] ?? '', /bad-1\.pom is no XML/)
    // obtaining it will say why
    assert.ok(names.includes('gone-1.pom'))
    assert.ok(names.includes('good-1.jar'))
  })

  it('goes to no path that a descriptor makes up, and names none', async () => {
    const more = `<dependencies>${['../../etc', 'a/b', '..', '.', 'x%2fy', 'x:y', 'x y']
      .flatMap((odd) => [
        `<dependency><groupId>${odd}</groupId><artifactId>passwd</artifactId><version>1</version></dependency>`,
        `<dependency><groupId>org.example</groupId><artifactId>${odd}</artifactId><version>1</version></dependency>`,
        `<dependency><groupId>org.example</groupId><artifactId>good</artifactId><version>${odd}</version></dependency>`,
        `<dependency><groupId>org.example</groupId><artifactId>good</artifactId><version>1</version><classifier>${odd}</classifier></dependency>`,
      ])
      .join('')}</dependencies>`
    const body = pom('kit:1').replace('<dependencies></dependencies>', more)
    assert.ok(body.includes('passwd'))
    const { paths, asked } = await held(['kit:1'], { ...repository({ 'good:1': {} }), [path('kit:1')]: body })
    assert.ok(paths.length > 1)
    for (const one of [...paths, ...asked])
      assert.match(one, /^\/org\/example\/(?:kit|good)\/1\/(?:kit|good)-1[\w.-]*$/)
  })

  it('ends where descriptors go in circles', async () => {
    const { jars } = await held(
      ['kit:1'],
      repository({
        'kit:1': {
          parent: 'base:1',
          managed: [dep('bom:1', { type: 'pom', scope: 'import' })],
          properties: { a: property('b'), b: property('a'), c: `${property('c')}x` },
          dependencies: [dep('loop:1'), dep(`lost:${property('a')}`), dep(`lost:${property('c')}`)],
        },
        'base:1': { packaging: 'pom', parent: 'top:1' },
        'top:1': { packaging: 'pom', parent: 'base:1' },
        'bom:1': {
          packaging: 'pom',
          managed: [dep('mob:1', { type: 'pom', scope: 'import' }), dep('bom:1', { type: 'pom', scope: 'import' })],
        },
        'mob:1': { packaging: 'pom', managed: [dep('bom:1', { type: 'pom', scope: 'import' })] },
        'loop:1': { dependencies: [dep('kit:1'), dep('loop:1')] },
      }),
    )
    assert.deepEqual(jars, ['kit-1.jar', 'loop-1.jar'])
  })

  it('takes no harm from properties that double each other', async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`p${at}`, property(`p${at + 1}`).repeat(2)]),
    )
    const started = performance.now()
    await held(['kit:1'], repository({ 'kit:1': { properties, dependencies: [dep(`deep:${property('p0')}`)] } }))
    assert.ok(performance.now() - started < 2000)
  })
})

describe('a closure for Gradle', () => {
  const marker = '<!-- do_not_remove: published-with-gradle-metadata -->'
  const module = (variants: readonly unknown[]) => JSON.stringify({ formatVersion: '1.1', variants })
  const runtime = { 'org.gradle.usage': 'java-runtime', 'org.gradle.category': 'library' }
  const to = (name: string, requires: string) => ({ group: 'org.example', module: name, version: { requires } })

  it('follows the module file where the descriptor has the marker', async () => {
    const { names } = await held(['kit:1'], {
      ...repository({
        'kit:1': { more: marker },
        'extra:2': {},
        'kit-jvm:1': {},
        'docs:1': {},
        'far:1': {},
        'far:3': {},
        'never:1': {},
      }),
      [path('kit:1', '.module')]: module([
        {
          name: 'runtime',
          attributes: runtime,
          dependencies: [to('extra', '2'), to('far', '1')],
          dependencyConstraints: [to('far', '3'), to('never', '1')],
          files: [
            { name: 'kit.jar', url: 'kit-1-all.jar' },
            { name: 'x', url: '../2/kit-2.jar' },
          ],
        },
        {
          name: 'jvm',
          attributes: { ...runtime, 'org.jetbrains.kotlin.platform.type': 'jvm' },
          'available-at': { url: '../../x', group: 'org.example', module: 'kit-jvm', version: '1' },
        },
        {
          name: 'ios',
          attributes: { 'org.jetbrains.kotlin.platform.type': 'native' },
          dependencies: [to('docs', '1')],
        },
        {
          name: 'javadoc',
          attributes: { 'org.gradle.category': 'documentation', 'org.gradle.usage': 'java-runtime' },
          dependencies: [to('docs', '1')],
        },
      ]),
    })
    for (const name of ['kit-1.module', 'extra-2.jar', 'kit-jvm-1.jar', 'kit-1-all.jar', 'far-3.jar'])
      assert.ok(names.includes(name), name)
    for (const name of ['docs-1.jar', 'kit-2.jar', 'never-1.jar']) assert.ok(!names.includes(name), name)
  })

  it('says what is no module file, and goes by the descriptor', async () => {
    const bodies = repository({ 'kit:1': { more: marker, dependencies: [dep('a:1')] }, 'a:1': {} })
    for (const body of ['{', '[]', '{"variants":{}}', '{"variants":[{"dependencies":[{}]}]}']) {
      const { lacking, jars } = await held(['kit:1'], { ...bodies, [path('kit:1', '.module')]: body })
      assert.match(lacking[0] ?? '', /kit-1\.module is no/, body)
      assert.ok(jars.includes('a-1.jar'), body)
    }
  })
})

describe('a closure for builds', () => {
  const plugin = (artifact: string, version: string) =>
    `<plugin><groupId>org.example</groupId><artifactId>${artifact}</artifactId>${version}</plugin>`

  it('holds the plugins that a parent names, with what is declared for them and what Maven gives them', async () => {
    const build = `<build><extensions><extension><groupId>org.example</groupId><artifactId>wagon</artifactId><version>1</version></extension></extensions>
      <pluginManagement><plugins>${plugin('managed', '<version>2</version>')}</plugins></pluginManagement>
      <plugins>${plugin('managed', '')}${plugin('newest', '')}<plugin><groupId>org.example</groupId><artifactId>with</artifactId><version>1</version>
      <dependencies><dependency><groupId>org.example</groupId><artifactId>declared</artifactId><version>1</version></dependency></dependencies></plugin></plugins></build>`
    const { jars, asked } = await held(
      [{ line: 'parent:1', options: { plugins: true } }],
      repository({
        'parent:1': { packaging: 'pom', more: build },
        'managed:2': { packaging: 'maven-plugin' },
        'newest:1': { packaging: 'maven-plugin' },
        'newest:7': { packaging: 'maven-plugin' },
        'with:1': { packaging: 'maven-plugin' },
        'declared:1': {},
        'wagon:1': {},
        'org.codehaus.plexus:plexus-utils:1.1': {},
      }),
    )
    assert.deepEqual(jars, [
      'declared-1.jar',
      'managed-2.jar',
      'newest-7.jar',
      'plexus-utils-1.1.jar',
      'wagon-1.jar',
      'with-1.jar',
    ])
    assert.ok(asked.includes('/org/example/maven-metadata.xml'))
  })

  it('a plugin by itself comes with what Maven gives it, and with the prefixes of its group', async () => {
    const { jars, asked } = await held(
      ['plug:1'],
      repository({ 'plug:1': { packaging: 'maven-plugin' }, 'org.codehaus.plexus:plexus-utils:1.1': {} }),
    )
    assert.deepEqual(jars, ['plexus-utils-1.1.jar', 'plug-1.jar'])
    assert.ok(asked.includes('/org/example/maven-metadata.xml'))
  })
})
