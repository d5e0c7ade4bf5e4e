// A published tree that changes while it is read and copied: readers of it, and copies by rsync, never have a document
// without the files that it names.

import assert from 'node:assert/strict'
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { directorySink } from '../../src/sinks/directory.ts'
import { environment, execute, folder, found } from '../clients/place.ts'
import { bytesOf, publishing, sha256, type Texts, treeOf } from '../suites/sink.ts'
import { long } from './form.ts'

const missing = found('rsync') === undefined ? 'rsync is not on this machine' : false
/** Copies made while exports run: the long form makes many. */
const COPIES = long ? 100 : 6
const NAMES = 40
const GRACE = 3_600_000

/** A state of a repository: documents that name files, of which some go and some come with each. */
function state(generation: number): Texts {
  const texts: Record<string, string | { text: string; kind: 'artifact' | 'document'; rank: number }> = {}
  const names: string[] = []
  for (let at = 0; at < NAMES; at += 1) {
    // a quarter of the packages have something new each time, and of each the last two versions stay
    const version = Math.floor((generation + at) / 4)
    const files = [version - 1, version].map((one) => `pool/${at}/${at}-${one}.bin`)
    for (const file of files) texts[file] = { text: `${file} `.repeat(200), kind: 'artifact', rank: 0 }
    texts[`pool/${at}/index.json`] = { text: JSON.stringify(files), kind: 'document', rank: 2 }
    names.push(`pool/${at}/index.json`)
  }
  texts['all.json'] = { text: JSON.stringify(names), kind: 'document', rank: 4 }
  texts.MANIFEST = { text: `${generation}\n`, kind: 'document', rank: 5 }
  return texts
}

interface Publisher {
  readonly tree: string
  next(): Promise<void>
}

function publisher(t: TestContext): Publisher {
  const home = folder(t)
  const tree = path.join(home, 'tree')
  let generation = 0
  let now = Date.UTC(2026, 0, 1)
  return {
    tree,
    async next() {
      const texts = state(generation)
      const all = Object.values(texts).map((one) => (typeof one === 'string' ? one : one.text))
      const sink = directorySink(tree, bytesOf(all))
      await sink.publish(treeOf(texts), publishing({ grace: GRACE, now, force: true }))
      generation += 1
      now += GRACE / 3
    },
  }
}

/** What documents name and is not there, whatever is read at once. */
function broken(tree: string): readonly string[] {
  const read = (name: string): readonly string[] => JSON.parse(readFileSync(path.join(tree, name), 'utf8')) as string[]
  return read('all.json').flatMap((name) => [name, ...read(name)].filter((one) => !existsSync(path.join(tree, one))))
}

/** Publishes again and again until the work is done. */
async function meanwhile({ next }: Publisher, work: () => Promise<void>): Promise<void> {
  let done = false
  const publishing = (async () => {
    for (let round = 0; !done; round += 1) {
      await next()
      // now and then it is quiet for long enough
      await pause(round % 4 === 3 ? 1500 : 20)
    }
  })()
  await work().finally(() => {
    done = true
  })
  await publishing
}

test('a reader of the tree finds every file that a document names, while exports run', async (t) => {
  const site = publisher(t)
  await site.next()
  await meanwhile(site, async () => {
    for (let round = 0; round < COPIES * 20; round += 1) {
      assert.deepEqual(broken(site.tree), [])
      await turn()
    }
  })
})

/** The form of docs/static-trees.md: again until no export was under way before, between and after. */
const script = `
set -eu
tree=$1 copy=$2
bring() { rsync -aH --exclude=/.pkgmirror/aside "$@" "$tree/" "$copy/" || [ $? -eq 24 ]; }
state() { if [ -e "$tree/.pkgmirror/begun" ]; then echo busy $$; else cat "$tree/MANIFEST"; fi; }
while :; do
  before=$(state)
  bring
  bring --delete-after --delay-updates
  case $before in busy*) continue;; esac
  [ "$before" = "$(state)" ] && break
done
`

test('copies by rsync that are made while exports run are whole, each of them', { skip: missing }, async (t) => {
  const site = publisher(t)
  await site.next()
  const home = folder(t)
  const copy = path.join(home, 'copy')
  writeFileSync(path.join(home, 'copy.sh'), script)
  const argv = ['sh', path.join(home, 'copy.sh'), site.tree, copy]
  const seen = new Set<string>()
  await meanwhile(site, async () => {
    for (let round = 0; round < COPIES; round += 1) {
      await execute({ argv, cwd: home, env: environment(home) })
      assert.deepEqual(broken(copy), [], `copy ${round}`)
      const generation = readFileSync(path.join(copy, 'MANIFEST'), 'utf8')
      for (
        let tries = 0;
        tries < 500 && generation === readFileSync(path.join(site.tree, 'MANIFEST'), 'utf8');
        tries += 1
      )
        await pause(10)
      seen.add(generation)
      for (const [name, given] of Object.entries(state(Number(generation)))) {
        const text = typeof given === 'string' ? given : given.text
        assert.equal(readFileSync(path.join(copy, name), 'utf8'), text, `${name} is that of MANIFEST ${generation}`)
      }
    }
  })
  assert.ok(seen.size > 1, 'exports ran meanwhile')
})

test('rsync keeps hard links within the tree, and deletes what has gone', { skip: missing }, async (t) => {
  const home = folder(t)
  const [tree, copy] = [path.join(home, 'tree'), path.join(home, 'copy')]
  const texts: Texts = { 'a/one.bin': 'same', 'b/two.bin': 'same', 'c.bin': 'gone soon' }
  const blob = (digest: string) => path.join(home, digest)
  const plain = Object.values(texts).map(String)
  for (const text of plain) writeFileSync(blob(sha256(text)), text)
  const sink = directorySink(tree, bytesOf(plain, blob))
  const rsync = () =>
    execute({ argv: ['rsync', '-aH', '--delete-after', `${tree}/`, `${copy}/`], cwd: home, env: environment(home) })
  await sink.publish(treeOf(texts), publishing())
  await rsync()
  assert.equal(lstatSync(`${copy}/a/one.bin`).ino, lstatSync(`${copy}/b/two.bin`).ino)
  const { 'c.bin': _, ...rest } = texts
  await sink.publish(treeOf(rest), publishing())
  await rsync()
  assert.ok(!existsSync(`${copy}/c.bin`))
})
