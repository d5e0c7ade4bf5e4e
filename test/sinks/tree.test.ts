import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTree, type TreeOptions } from '../../src/sinks/tree.ts'

function add(paths: readonly string[], letterCase: TreeOptions['letterCase'] = 'folded'): void {
  const tree = createTree({ letterCase })
  try {
    for (const path of paths) tree.add({ path, sha256: 'a', size: 1, modified: 0, kind: 'document', rank: 0 })
  } finally {
    tree.close()
  }
}

const collisions: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['equal', ['npm/a', 'npm/a'], /npm\/a is wanted by two files/],
  ['equal but for letter case', ['npm/Foo', 'npm/foo'], /npm\/foo and npm\/Foo differ in letter case alone/],
  ['equal but for the way of writing ä', ['npm/\u00e4', 'npm/a\u0308'], /differ in letter case alone/],
  ['a file where a folder is', ['npm/foo/bar', 'npm/foo'], /npm\/foo is a file, and npm\/foo\/bar needs a folder/],
  [
    'a folder where a file is',
    ['npm/foo', 'npm/foo/bar/baz'],
    /npm\/foo is a file, and npm\/foo\/bar\/baz needs a folder/,
  ],
  ['a folder where a file of other case is', ['npm/Foo', 'npm/foo/bar'], /npm\/Foo is a file, and npm\/foo\/bar needs/],
]
for (const [what, paths, message] of collisions) {
  test(`two names that are ${what} collide, and both are named`, () => {
    assert.throws(() => add(paths), { code: 'BAD_PATH', message })
  })
}

test('names may differ in letter case where that is asked for', () => {
  assert.doesNotThrow(() => add(['npm/Foo', 'npm/foo', 'npm/FOO/x'], 'apart'))
})

test('folders of two files may differ in letter case', () => {
  assert.doesNotThrow(() => add(['npm/Foo/a', 'npm/foo/b']))
})

const refused = [
  '../up',
  'a/../b',
  'a//b',
  'a\\b',
  'a/.htaccess',
  'x\nsha',
  '.pkgmirror/paths',
  '.pkgmirror',
  `a/${'n'.repeat(256)}`,
]
for (const path of refused) {
  test(`the name ${JSON.stringify(path.slice(0, 20))} is refused`, () => {
    assert.throws(() => add([path]), { code: 'BAD_PATH' })
  })
}

test('lists any number of files by rank, then by path', () => {
  const tree = createTree({ letterCase: 'folded' })
  const all = Array.from({ length: 1203 }, (_, at) => ({ path: `p/${String(at).padStart(5, '0')}`, rank: at % 3 }))
  for (const one of all) tree.add({ ...one, sha256: 'a', size: 2, modified: 0, kind: 'artifact' })
  const sorted = [...all].sort((a, b) => a.rank - b.rank || (a.path < b.path ? -1 : 1)).map((one) => one.path)
  assert.deepEqual(
    Array.from(tree.list(), (file) => file.path),
    sorted,
  )
  assert.deepEqual([tree.files, tree.bytes], [1203, 2406])
  tree.close()
})
