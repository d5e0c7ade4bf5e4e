import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Entry } from '../../../src/contract.ts'
import { readMetadata, viewMetadata } from '../../../src/ecosystems/maven/metadata.ts'
import { MirrorError } from '../../../src/errors.ts'
import { doc, gather, show } from './builders.ts'
import { listPath, metadata, path } from './repository.ts'

const list = listPath('kit').slice(1)
const body = metadata('kit', ['1.0', '1.1', '2.0-rc1', '2.0', '2.1-SNAPSHOT'], '2.0')

async function view(allows: (entry: Entry) => boolean, source = body, at = list, documents = {}) {
  const { show: shown, asked } = show(allows, documents)
  const bytes = await viewMetadata(doc(`/${at}`, source), at, shown)
  return { text: bytes === undefined ? undefined : Buffer.from(bytes).toString(), asked }
}

describe('a list of versions', () => {
  it('names the descriptor of each, and the list of builds of a snapshot', async () => {
    const entries = await gather(readMetadata(doc(`/${list}`, body), list))
    assert.deepEqual(
      entries.map((entry) => [entry.path, entry.name, entry.version]),
      [
        [path('kit:1.0'), 'org.example:kit', '1.0'],
        [path('kit:1.1'), 'org.example:kit', '1.1'],
        [path('kit:2.0-rc1'), 'org.example:kit', '2.0-rc1'],
        [path('kit:2.0'), 'org.example:kit', '2.0'],
        [listPath('kit', '2.1-SNAPSHOT'), 'org.example:kit', '2.1-SNAPSHOT'],
      ],
    )
  })

  it('is shown byte for byte while nothing is hidden', async () => {
    assert.equal((await view(() => true)).text, body)
  })

  it('is shown without what is hidden, and points to the highest that is left', async () => {
    const { text = '' } = await view(({ version }) => version !== '2.0' && version !== '2.1-SNAPSHOT')
    assert.match(text, /<latest>2\.0-rc1<\/latest>/)
    assert.match(text, /<release>2\.0-rc1<\/release>/)
    assert.match(text, /<version>1\.1<\/version>/)
    assert.doesNotMatch(text, /2\.0<|SNAPSHOT/)
    assert.match(text, /<lastUpdated>20251124091446<\/lastUpdated>/)
  })

  it('is not there when nothing is left', async () => {
    assert.equal((await view(() => false)).text, undefined)
  })

  it('loses what is no version, and keeps no text of it', async () => {
    const { text = '' } = await view(() => true, metadata('kit', ['1.0', '../../etc', '<b/>', 'a b', '1.1']))
    assert.match(text, /<version>1\.1<\/version>/)
    assert.doesNotMatch(text, /etc|<b|a b/)
  })

  for (const [what, source] of Object.entries({
    'of another artifact': metadata('other', ['1.0']),
    'of another group': metadata('org.evil:kit', ['1.0']),
    'that is a web page': '<!doctype html><html></html>',
    'that is something else': '<project><version>1</version></project>',
    'that is cut off': body.slice(0, 200),
  })) {
    it(`${what} is refused`, async () => {
      const isUnreadable = (error: unknown) => error instanceof MirrorError && error.code === 'UNREADABLE'
      await assert.rejects(gather(readMetadata(doc(`/${list}`, source), list)), isUnreadable)
      await assert.rejects(
        view(() => true, source),
        isUnreadable,
      )
    })
  }

  it('has its newest versions dated by their descriptors where a cooldown waits', async () => {
    const limit = Date.UTC(2026, 0, 1)
    const allows = ({ published }: Entry) => published === undefined || published < limit
    const at = (version: string, date?: string) => ({
      [path(`kit:${version}`)]: doc(path(`kit:${version}`), '', date === undefined ? {} : { 'last-modified': date }),
    })
    const young = 'Fri, 02 Jan 2026 00:00:00 GMT'
    const old = 'Mon, 01 Dec 2025 00:00:00 GMT'
    const dated = await view(allows, body, list, { ...at('2.0', young), ...at('2.0-rc1', old), ...at('1.1', young) })
    assert.doesNotMatch(dated.text ?? '', />2\.0</)
    assert.match(dated.text ?? '', />1\.1</)
    assert.deepEqual(dated.asked, [path('kit:2.0'), path('kit:2.0-rc1')])
    const unreadable = await view(allows, body, list, { ...at('2.0', 'yesterday'), ...at('2.0-rc1', old) })
    assert.doesNotMatch(unreadable.text ?? '', />2\.0</)
    const undated = await view(allows, body, list, at('2.0'))
    assert.equal(undated.text, body)
    assert.deepEqual((await view(() => true)).asked, [])
  })
})

describe('a list of builds', () => {
  const builds = listPath('kit', '1.0-SNAPSHOT').slice(1)
  const value = (version: string, more = '') =>
    `<snapshotVersion>${more}<extension>jar</extension><value>${version}</value></snapshotVersion>`
  const source = (inner: string) =>
    `<metadata><groupId>org.example</groupId><artifactId>kit</artifactId><versioning><snapshot><timestamp>20260102.120000</timestamp><buildNumber>4</buildNumber></snapshot><snapshotVersions>${inner}</snapshotVersions></versioning></metadata>`

  it('names the files of its builds, and of no other version', async () => {
    const inner = [
      value('1.0-20260102.120000-4'),
      value('1.0-20260102.120000-4', '<classifier>sources</classifier>'),
      value('2.0-20260102.120000-4'),
      value('1.0'),
      value('1.0-20260102.120000-4', '<classifier>../x</classifier>'),
    ].join('')
    const entries = await gather(readMetadata(doc(`/${builds}`, source(inner)), builds))
    assert.deepEqual(
      entries.map((entry) => entry.path),
      [
        path('kit:1.0-20260102.120000-4'),
        path('kit:1.0-20260102.120000-4', '.jar'),
        path('kit:1.0-20260102.120000-4', '-sources.jar'),
      ],
    )
  })

  it('is not there when its builds are hidden', async () => {
    const inner = value('1.0-20260102.120000-4')
    assert.equal(
      (await view(({ version }) => version !== '1.0-20260102.120000-4', source(inner), builds)).text,
      undefined,
    )
  })
})

describe('a list of plugins', () => {
  const source =
    '<metadata><plugins><plugin><prefix>a</prefix><artifactId>a-maven-plugin</artifactId></plugin><plugin><prefix>b</prefix><artifactId>b-maven-plugin</artifactId></plugin></plugins></metadata>'
  const at = 'org/example/maven-metadata.xml'

  it('says nothing of files, and loses plugins that are denied as a whole', async () => {
    assert.deepEqual(await gather(readMetadata(doc(`/${at}`, source), at)), [])
    assert.equal((await view(() => true, source, at)).text, source)
    const { text = '' } = await view(({ name }) => name !== 'org.example:b-maven-plugin', source, at)
    assert.match(text, /a-maven-plugin/)
    assert.doesNotMatch(text, /b-maven-plugin/)
  })
})
