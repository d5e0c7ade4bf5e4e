import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { boundPlugins, fetchedBy } from '../../../src/ecosystems/maven/lifecycle.ts'
import { MirrorError } from '../../../src/errors.ts'
import { doc } from './builders.ts'

const component = (role: string, hint: string, inner: string): string =>
  `<component><role>org.apache.maven.lifecycle.${role}</role><role-hint>${hint}</role-hint><configuration>${inner}</configuration></component>`

const bindings = `<component-set><components>
${component('mapping.LifecycleMapping', 'jar', '<lifecycles><lifecycle><id>default</id><phases><compile>org.example:compiler:3.1:compile, org.example:checker:1:check</compile><package>org.example:jar:2.4:jar</package></phases></lifecycle></lifecycles>')}
${component('mapping.LifecycleMapping', 'war', '<phases><package>org.example:war:2.2:war</package></phases>')}
${component('Lifecycle', 'clean', '<phases><phase>clean</phase></phases><default-phases><clean>org.example:clean:2.5:clean</clean></default-phases>')}
${component('Other', 'jar', '<x>org.example:never:1:x</x>')}
</components></component-set>`

describe('the plugins that a Maven binds', () => {
  const at = mkdtempSync(join(tmpdir(), 'core-'))
  let jar: Uint8Array | undefined
  before(() => {
    mkdirSync(join(at, 'META-INF/plexus'), { recursive: true })
    writeFileSync(join(at, 'META-INF/plexus/default-bindings.xml'), bindings)
    const zip =
      'import zipfile; z = zipfile.ZipFile("core.jar", "w", zipfile.ZIP_DEFLATED); z.write("META-INF/plexus/default-bindings.xml")'
    if (spawnSync('python3', ['-c', zip], { cwd: at }).status === 0) jar = readFileSync(join(at, 'core.jar'))
  })
  after(() => rmSync(at, { recursive: true, force: true }))

  it('are those of the packagings, and of clean and site', async (t) => {
    if (jar === undefined) return t.skip('python3 is not on this machine')
    const found = await boundPlugins(doc('/core.jar', jar), ['jar'])
    assert.deepEqual(
      found.map(({ artifact, version }) => `${artifact} ${version}`),
      ['compiler 3.1', 'checker 1', 'jar 2.4', 'clean 2.5'],
    )
    assert.deepEqual(
      (await boundPlugins(doc('/core.jar', jar), ['ear'])).map(({ artifact }) => artifact),
      ['clean'],
    )
  })

  it('cannot be read out of what is no archive', async () => {
    const isUnreadable = (error: unknown) => error instanceof MirrorError && error.code === 'UNREADABLE'
    await assert.rejects(boundPlugins(doc('/core.jar', 'no archive'), ['jar']), isUnreadable)
  })

  it('fetch providers of their own version where they are test plugins', () => {
    const surefire = { group: 'org.apache.maven.plugins', artifact: 'maven-surefire-plugin', version: '3.2.5' }
    assert.ok(fetchedBy(surefire).every(({ version }) => version === '3.2.5'))
    assert.deepEqual(fetchedBy({ ...surefire, artifact: 'maven-jar-plugin' }), [])
  })
})
