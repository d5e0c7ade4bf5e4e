// What is killed at its operations, and at which of them.

import assert from 'node:assert/strict'
import { cpSync, readdirSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { Mirror } from '../clients/mirror.ts'
import { files, folder } from '../clients/place.ts'
import { startUpstream } from '../fakes/upstream.ts'
import { configuration, publishMany } from './archive.ts'
import { sample } from './form.ts'
import { killedAt, operations, type Seam, sqliteWrites, type Victim } from './killed.ts'

/** Packages of a sync: with the one that needs them fifty files and documents. */
export const PARTS = 24
export interface Place {
  /** A mirror of its own, with what `as` has in it. */
  mirror(as?: Mirror): Mirror
  /** Wants all of it. */
  readonly manifest: string
  /** Wants one package. */
  readonly less: string
  /** The digests of upstream's files, by path. */
  readonly known: ReadonlyMap<string, string>
  /** The points at which it is killed: all that it has, or a sample. */
  points(mirror: Mirror, victim: Victim, seam?: Seam): Promise<readonly number[]>
}

interface Placing {
  /** Packages upstream, beside the one that needs them. */
  readonly parts?: number
  /** Lines of the configuration. */
  readonly more?: string
  /** Points tried in the short form. */
  readonly tried?: number
}

export async function place(t: TestContext, placing: Placing = {}): Promise<Place> {
  const { parts = PARTS, more = '', tried = 2 } = placing
  const upstream = await startUpstream()
  t.after(() => upstream.close())
  const known = publishMany(upstream, parts, 50_000_000)
  const at = files(folder(t), {
    'pkgmirror.yaml': `${configuration(upstream)}log: { level: error }\n${more}`,
    'whole.yaml': 'packages: { npm: [whole] }\n',
    'less.yaml': 'packages: { npm: [part-1] }\n',
  })
  const config = `${at}/pkgmirror.yaml`
  return {
    mirror(as) {
      const data = folder(t)
      if (as !== undefined) cpSync(as.data, data, { recursive: true })
      return { data, config }
    },
    manifest: `${at}/whole.yaml`,
    less: `${at}/less.yaml`,
    known,
    async points(mirror, victim, seam) {
      const all = (await killedAt(mirror, 0, victim, seam)) ?? 0
      assert.ok(all > 0, 'it writes')
      const some = sample(
        Array.from({ length: all }, (_, index) => index + 1),
        tried,
      )
      t.diagnostic(`${some.length} of ${all} points`)
      return some
    },
  }
}

export const seams = [
  ['its operations', async () => operations],
  ["SQLite's writes", sqliteWrites],
] as const

/** The files of a tree, by path. */
export const namesIn = (tree: string): readonly string[] =>
  readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(tree.length + 1)}/${entry.name}`)
