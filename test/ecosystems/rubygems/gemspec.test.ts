import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { deflateSync, inflateSync } from 'node:zlib'
import { checkSpecification, parseSpecification } from '../../../src/ecosystems/rubygems/gemspec.ts'
import { readInfo } from '../../../src/ecosystems/rubygems/info.ts'
import { formatMarshal } from '../../../src/formats/ruby-marshal-write.ts'
import { rubyString } from '../../../src/formats/ruby-values.ts'
import { recorded } from '../../replica/rubygems.ts'
import { doc, gather, infoPage, quick, specification } from './builders.ts'

const kit = { name: 'kit', version: '1.0', deps: ['a >= 1&< 3', 'b ~> 2.0'], ruby: '>= 2.5' }
const said = {
  name: 'kit',
  version: '1.0',
  data: {
    deps: [
      { name: 'b', range: '~> 2.0' },
      { name: 'a', range: '< 3, >= 1' },
    ],
    ruby: '>= 2.5',
  },
}
const check = (bytes: Uint8Array, of: object = said) =>
  checkSpecification(doc('/quick/Marshal.4.8/kit-1.0.gemspec.rz', bytes), of)

it('a specification tells name, version, platform and what it needs at run time', () => {
  assert.deepEqual(parseSpecification(specification({ ...kit, version: '1.0-java' })), {
    name: 'kit',
    number: '1.0',
    platform: 'java',
    release: {
      deps: [
        { name: 'a', range: '>= 1, < 3' },
        { name: 'b', range: '~> 2.0' },
      ],
      ruby: '>= 2.5',
      rubygems: '>= 0',
    },
  })
})

it('those that RubyGems wrote agree with the info pages of the same gems', async () => {
  for (const file of globSync('quick/**/*.rz', { cwd: recorded })) {
    const { name } = parseSpecification(inflateSync(readFileSync(`${recorded}/${file}`)))
    const page = doc(`/info/${name}`, readFileSync(`${recorded}/info/${name}`))
    const entry = (await gather(readInfo(page, name))).find((one) => path.basename(one.path) === path.basename(file))
    assert.ok(entry !== undefined, file)
    await checkSpecification(doc(entry.path, readFileSync(`${recorded}/${file}`)), entry)
  }
})

it('one that agrees is taken, in whatever order it names what it needs', () => check(quick(kit)))

it('that of another gem, version or platform is refused', async () => {
  for (const other of [{ name: 'other' }, { version: '1.1' }, { version: '1.0-java' }])
    await assert.rejects(check(quick({ ...kit, ...other })), { code: 'DISAGREEMENT' })
})

it('one that needs anything else than its info page says is refused', async () => {
  for (const other of [
    { deps: [...kit.deps, 'evil >= 0'] },
    { deps: ['a >= 1&< 3'] },
    { deps: ['a >= 1&< 4', 'b ~> 2.0'] },
    { ruby: '>= 3' },
  ])
    await assert.rejects(check(quick({ ...kit, ...other })), { code: 'DISAGREEMENT' })
})

it('what is none is refused', async () => {
  const good = quick(kit)
  const bad: Readonly<Record<string, Uint8Array>> = {
    'no zlib stream': Buffer.from('<html>'),
    'cut off': good.subarray(0, good.length - 1),
    'with bytes after its end': Buffer.concat([good, Buffer.from('x')]),
    'a bomb': deflateSync(new Uint8Array(64 * 1024 * 1024)),
    'of another class': deflateSync(
      formatMarshal({ type: 'dumped', class: 'Evil', bytes: specification(kit), variables: [] }),
    ),
    'an object that would be made by name': deflateSync(
      formatMarshal({ type: 'object', class: 'Gem::Requirement', variables: [] }),
    ),
    'a text': deflateSync(formatMarshal(rubyString('kit'))),
    'without fields': deflateSync(
      formatMarshal({
        type: 'dumped',
        class: 'Gem::Specification',
        bytes: formatMarshal({ type: 'array', items: [] }),
        variables: [],
      }),
    ),
  }
  for (const [what, bytes] of Object.entries(bad)) await assert.rejects(check(bytes), { code: 'UNREADABLE' }, what)
})

it('a page of the builders is one', () => assert.match(infoPage([kit]), /^---\n1\.0 a:>= 1&< 3,b:~> 2\.0\|checksum:/))
