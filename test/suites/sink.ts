// What every sink must do. Each is driven with a tree of texts and read back as one.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { MirrorError } from '../../src/errors.ts'
import type { Bytes, Change, Published, Publishing, Sink, Tree, TreeFile } from '../../src/sinks/sink.ts'
import { createTree } from '../../src/sinks/tree.ts'
import type { Opened } from '../../src/store/store.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** 2026-01-02 03:04:05 UTC. */
export const written = Date.UTC(2026, 0, 2, 3, 4, 5)

export type Texts = Readonly<Record<string, string | ({ readonly text: string } & Partial<TreeFile>)>>

const textOf = (given: Texts[string]): string => (typeof given === 'string' ? given : given.text)

/** A tree of texts by path; names with a dot in them are artifacts, the others documents that speak of them. */
export function treeOf(texts: Texts): Tree {
  const tree = createTree({ letterCase: 'folded' })
  for (const [path, given] of Object.entries(texts)) {
    const text = textOf(given)
    const { text: _, ...more } = typeof given === 'string' ? { text } : given
    const kind = path.includes('.') ? 'artifact' : 'document'
    tree.add({
      path,
      sha256: sha256(text),
      size: Buffer.byteLength(text),
      modified: written,
      kind,
      rank: kind === 'artifact' ? 0 : 1,
      ...more,
    })
  }
  return tree
}

/** A store of texts; `file` finds the file that holds a blob, where there are files. */
export function bytesOf(texts: readonly string[], file?: (sha256: string) => string): Bytes {
  const held = new Map(texts.map((text) => [sha256(text), Buffer.from(text)]))
  return {
    ...(file === undefined ? {} : { file }),
    async open(digest): Promise<Opened | undefined> {
      const bytes = held.get(digest)
      const place = file?.(digest)
      if (bytes === undefined) return undefined
      return {
        size: bytes.length,
        ...(place === undefined ? {} : { file: place }),
        read: async (buffer, position) => bytes.copy(buffer, 0, position),
        async close() {},
      }
    },
    async *stream(digest) {
      const bytes = held.get(digest)
      if (bytes === undefined) throw new MirrorError('DAMAGED', `no ${digest}`)
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
    },
  }
}

export interface Told extends Publishing {
  readonly changes: Change[]
}

export function publishing(more: Partial<Publishing> = {}): Told {
  const changes: Change[] = []
  return {
    dryRun: false,
    force: false,
    grace: 0,
    now: written,
    signal: new AbortController().signal,
    covers: () => true,
    changes,
    changed: (change) => void changes.push(change),
    ...more,
  }
}

export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'OK',
    (error: unknown) => (error instanceof MirrorError ? error.code : String(error)),
  )

export interface Subject {
  sink(bytes: Bytes): Sink
  /** The texts that are there now, by path. */
  read(): Promise<Readonly<Record<string, string>>>
  /** Milliseconds since 1970 of a copied file. */
  modified(path: string): Promise<number>
}

export function sinkSuite(name: string, open: () => Promise<Subject>): void {
  const texts = {
    'npm/a/-/a-1.0.0.tgz': 'tarball',
    'npm/a/index': 'document',
    'deb/pool/with space+plus~tilde.deb': 'x'.repeat(100_000),
    [`deep/${'long-name/'.repeat(30)}end`]: '',
    'ünïcode/名前': 'text',
  }
  const publishAll = async (subject: Subject, more: Partial<Publishing> = {}): Promise<Published> =>
    subject.sink(bytesOf(Object.values(texts))).publish(treeOf(texts), publishing(more))

  test(`${name}: holds every file of the tree and no other`, async () => {
    const subject = await open()
    const published = await publishAll(subject)
    assert.deepEqual(await subject.read(), texts)
    assert.equal(published.linked + published.copied, 5)
  })

  test(`${name}: dates files by the tree, in whole seconds`, async () => {
    const subject = await open()
    await publishAll(subject)
    assert.equal(await subject.modified('npm/a/index'), written)
  })

  test(`${name}: a dry run tells every file and writes none`, async () => {
    const subject = await open()
    const told = publishing({ dryRun: true })
    await subject.sink(bytesOf([])).publish(treeOf(texts), told)
    assert.deepEqual(told.changes.map((change) => change.path).sort(), Object.keys(texts).sort())
    assert.deepEqual(await subject.read(), {})
  })

  test(`${name}: tells of what others refer to before what refers to it`, async () => {
    const subject = await open()
    const told = publishing()
    const named = { a: { text: 'entry', rank: 7 }, 'b.tgz': 'artifact', c: 'index' }
    await subject.sink(bytesOf(['entry', 'artifact', 'index'])).publish(treeOf(named), told)
    assert.deepEqual(
      told.changes.map((change) => change.path),
      ['b.tgz', 'c', 'a'],
    )
  })

  test(`${name}: stops at the signal`, async () => {
    const subject = await open()
    assert.equal(await codeOf(publishAll(subject, { signal: AbortSignal.abort() })), 'STOPPED')
  })

  test(`${name}: bytes that the store lost are told as damaged`, async () => {
    const subject = await open()
    const told = publishing()
    const code = await codeOf(subject.sink(bytesOf([])).publish(treeOf({ 'a.tgz': 'lost' }), told))
    const [failed] = told.changes
    assert.equal(failed?.what === 'failed' ? failed.error.code : code, 'DAMAGED')
    assert.deepEqual(await subject.read(), {})
  })
}
