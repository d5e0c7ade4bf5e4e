import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readIndex, viewIndex } from '../../../src/ecosystems/cargo/index-file.ts'
import { checksum, crate, doc, fixture, gather, repo, show } from './builders.ts'

const read = async (path: string, text: string, config?: string) =>
  gather(readIndex(doc(path, text), path.split('/').at(-1) ?? '', repo(config)))
const view = async (path: string, text: string, as = show()): Promise<string | undefined> => {
  const pieces = await viewIndex(doc(path, text), path.split('/').at(-1) ?? '', as)
  return pieces === undefined ? undefined : Buffer.concat(await gather(pieces)).toString()
}
const unreadable = { name: 'MirrorError', code: 'UNREADABLE' }

test('an entry names the file, its checksum, its address and its time', async () => {
  const [, , , newest] = await read('/an/yh/anyhow', fixture('an/yh/anyhow'))
  assert.ok(newest !== undefined)
  const { data, ...file } = newest
  assert.deepEqual(file, {
    path: '/crates/anyhow/anyhow-1.0.104.crate',
    url: 'https://files.example.org:443/v1/crates/anyhow/1.0.104/download',
    digests: { sha256: '330a5ed07fa54e4702c9d6c4174f74427fc0ef6e214bbd677ae50a5099946470' },
    name: 'anyhow',
    version: '1.0.104',
    published: Date.UTC(2026, 6, 18, 20, 59, 37),
  })
  assert.equal((data as { deps: unknown[] }).deps.length, 5)
})

test('the file keeps the case of the crate, policy gets the name in lower case', async () => {
  const [first] = await read('/ha/nd/handmade', fixture('ha/nd/handmade'))
  assert.equal(first?.path, '/crates/Handmade/Handmade-0.1.0.crate')
  assert.equal(first?.name, 'handmade')
})

test('markers of "dl" are filled in, build metadata as it is', async () => {
  const entries = await read('/ha/nd/handmade', fixture('ha/nd/handmade'), fixture('config-markers.json'))
  assert.equal(entries[1]?.url, `https://files.example.org/Ha/nd/ha/nd/Handmade/0.2.0+build.7/${'2'.repeat(64)}`)
})

test('second features are merged, a rename, a foreign registry and a native library are kept', async () => {
  const [first, second, third] = (await read('/ha/nd/handmade', fixture('ha/nd/handmade'))).map((each) =>
    JSON.parse(JSON.stringify(each.data)),
  )
  assert.equal(first.deps[0].package, 'real-name')
  assert.deepEqual(second.features, { default: ['std'], std: [], extra: ['dep:alias', 'other?/std'] })
  assert.equal(third.deps[0].registry, 'https://registry.example.org/index')
  assert.deepEqual([third.links, third.rust_version], ['handmade', '1.70'])
})

test('a time that is none lies in the future, no time is no time', async () => {
  const entries = await read('/ha/nd/handmade', fixture('ha/nd/handmade'))
  assert.deepEqual(
    entries.map(({ published }) => published),
    [Date.UTC(2020, 0, 2, 3, 4, 5), undefined, undefined, Number.MAX_SAFE_INTEGER, undefined],
  )
})

test('a line that is none is neither read nor shown', async () => {
  const text = fixture('ha/nd/handmade')
  const broken = ['not json', '"short"']
  assert.equal((await read('/ha/nd/handmade', text)).length, 5)
  const shown = await view('/ha/nd/handmade', text)
  for (const each of broken) assert.ok(text.includes(each) && !shown?.includes(each), each)
})

test('hostile lines are left out', async () => {
  const good = crate('log 1.0.0')
  const bad = [
    good.replace('1.0.0', '../../1.0.0'),
    good.replace('1.0.0', 'v2.0.0'),
    good.replace('"log"', '7'),
    crate('log 3.0.0', { extra: 0 }).replace('"extra":0', `"extra":${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    crate('log 4.0.0', { cksum: 'A'.repeat(64) }),
    crate('log 5.0.0', { deps: [{}] }),
    'null',
    '[]',
    `{"__proto__":${good}}`,
  ]
  assert.deepEqual(
    (await read('/3/l/log', [good, ...bad].join('\n'))).map(({ version }) => version),
    ['1.0.0'],
  )
})

test('of two lines for one version the first counts', async () => {
  const text = [crate('log 1.0.0'), crate('log 1.0.0', { cksum: checksum('other') })].join('\n')
  assert.equal((await read('/3/l/log', text)).length, 1)
  assert.ok(!(await view('/3/l/log', text))?.includes(checksum('other')))
})

test('a document of another crate is refused', async () => {
  const text = [crate('log 1.0.0'), crate('evil 1.0.0')].join('\n')
  await assert.rejects(read('/3/l/log', text), unreadable)
  await assert.rejects(view('/3/l/log', text), unreadable)
})

test('a document without a single version is refused', async () => {
  for (const text of ['', '\n', '<html>Please log in</html>']) {
    await assert.rejects(read('/3/l/log', text), unreadable)
    await assert.rejects(view('/3/l/log', text), unreadable)
  }
})

test('a line without end is refused', async () => {
  const endless = {
    ...doc('/3/l/log', ''),
    async *stream() {
      while (true) yield new Uint8Array(65_536).fill(97)
    },
  }
  await assert.rejects(gather(readIndex(endless, 'log', repo())), unreadable)
})

test('a config.json without an absolute "dl" is refused', async () => {
  for (const config of ['{}', 'x', '{"dl":"crates"}', '{"dl":"file:///etc"}', '{"dl":7}']) {
    await assert.rejects(read('/3/l/log', crate('log 1.0.0'), config), unreadable, config)
  }
})

test('a few broken lines are left out, a document full of them is refused before it costs much', async () => {
  const good = crate('log 1.0.0')
  const full = (count: number) => `${'{"name":\n'.repeat(count)}${good}\n`
  assert.equal((await read('/3/l/log', full(1000))).length, 1)
  await assert.rejects(read('/3/l/log', full(1001)), unreadable)
})

test('shown lines keep their bytes', async () => {
  for (const path of ['an/yh/anyhow', 'cf/g-/cfg-if'])
    assert.equal(await view(`/${path}`, fixture(path)), fixture(path))
})

test('what is allowed and not held is shown as yanked', async () => {
  const text = fixture('cf/g-/cfg-if')
  const shown = await view(
    '/cf/g-/cfg-if',
    text,
    show(
      () => true,
      ({ version }) => version === '1.0.4',
    ),
  )
  const before = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const after = (shown ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    after,
    before.map((line) => ({ ...line, yanked: line.vers !== '1.0.4' })),
  )
})

test('when all is withheld the document is not there', async () => {
  assert.equal(
    await view(
      '/cf/g-/cfg-if',
      fixture('cf/g-/cfg-if'),
      show(() => false),
    ),
    undefined,
  )
})

test('whatever is withheld: its version and checksum are nowhere, and the rest is what was read', async () => {
  const versions = fc.uniqueArray(
    fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((parts) => parts.join('.')),
    { minLength: 1, maxLength: 8 },
  )
  const plan = versions.chain((all) => fc.tuple(fc.constant(all), fc.subarray(all), fc.subarray(all)))
  await fc.assert(
    fc.asyncProperty(plan, async ([all, hidden, held]) => {
      const text = all.map((version) => crate(`log ${version}`)).join('\n')
      const as = show(
        ({ version }) => !hidden.includes(version ?? ''),
        ({ version }) => held.includes(version ?? ''),
      )
      const shown = (await view('/3/l/log', text, as)) ?? ''
      for (const version of hidden) {
        assert.ok(!shown.includes(`"${version}"`))
        assert.ok(!shown.includes(checksum(`log ${version}`)))
      }
      const lines = shown
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
      const entries = (await read('/3/l/log', text)).filter((entry) => as.allows(entry))
      assert.deepEqual(
        lines.map(({ vers, cksum, yanked }) => [vers, cksum, yanked]),
        entries.map((entry) => [entry.version, entry.digests?.sha256, !as.sees(entry)]),
      )
    }),
    { numRuns: 60 },
  )
})
