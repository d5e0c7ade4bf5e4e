// Two sides of an air gap over the workbench: the near one with everything synced and a key, far ones that trust it; and a
// forger, who changes a bundle with or without the key.

import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { mock } from 'node:test'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { type BundleExportFlags, exportBundle } from '../../src/commands/bundle-export.ts'
import { type BundleImportFlags, importBundle } from '../../src/commands/bundle-import.ts'
import { keys } from '../../src/commands/keys.ts'
import { type BundleHeader, bundleFiles, formatHeader, parseHeader } from '../../src/formats/bundle.ts'
import { hashOf } from '../../src/formats/digest.ts'
import { createMinisignSecret, type MinisignSecret, readMinisignSecret } from '../../src/trust/minisign-secret.ts'
import { openSynced, type Said, type Workbench } from './workbench.ts'

export interface Gap {
  readonly bench: Workbench
  at(name: string): string
  /** Writes a bundle of the near side. */
  bundle(
    target: string,
    flags?: Partial<BundleExportFlags>,
    speaking?: { json?: boolean; data?: string },
  ): Promise<Said>
  /** Takes one on a far side, which is made and told whom to trust when it is new. */
  take(
    from: string,
    far: string,
    flags?: Partial<BundleImportFlags>,
    speaking?: { json?: boolean; files?: readonly string[] },
  ): Promise<Said>
  key(action: string, what: string | undefined, data: string): Promise<Said>
  trust(far: string, near?: string): Promise<void>
  /** All that counts in a far side's catalog. */
  state(far: string): unknown
  /** Copies a bundle and changes the copy. */
  forged(from: string, to: string, change: (directory: string) => void): string
  /** The near side's key, and one that nobody trusts. */
  readonly secret: () => MinisignSecret
  readonly stranger: MinisignSecret
}

export async function openGap(): Promise<Gap> {
  const bench = await openSynced()
  const at = (name: string): string => path.join(bench.folder, name)
  const key: Gap['key'] = (action, what, data) =>
    bench.say((context) => keys(context, action, { what, name: undefined, public: true }), {
      flags: { data: at(data) },
    })
  assert.equal((await key('create', undefined, 'mirror')).code, 0)
  const trust: Gap['trust'] = async (far, near = 'mirror') => {
    const { out } = await key('show', undefined, near)
    const trusted = await key('trust', bench.write(`${near}.pub`, out), far)
    assert.equal(trusted.code, 0, trusted.err)
  }
  return {
    bench,
    at,
    key,
    trust,
    bundle: (target, flags = {}, { json = false, data = 'mirror' } = {}) =>
      bench.say(
        (context) =>
          exportBundle(context, {
            ...{ target: at(target), volumeSize: undefined, snapshot: undefined, since: undefined },
            ...{ sinceBundle: undefined, receipt: undefined, overlap: 0, key: undefined, dryRun: false },
            ...flags,
          }),
        { json, quiet: !json, flags: { data: at(data) } },
      ),
    async take(from, far, flags = {}, { json = false, files } = {}) {
      mock.timers.tick(60_000)
      if (!existsSync(at(far))) {
        await trust(far)
        assert.equal((await key('create', undefined, far)).code, 0)
      }
      return bench.say(
        (context) =>
          importBundle(context, {
            ...{ bundle: at(from), receipt: undefined, key: undefined, newSeries: false, dryRun: false },
            ...flags,
          }),
        { json, quiet: !json, flags: { data: at(far) }, ...(files === undefined ? {} : { files }) },
      )
    },
    state(far) {
      const file = path.join(at(far), 'catalog.db')
      if (!existsSync(file)) return undefined
      const catalog = openCatalog(file)
      try {
        const refs = [...catalog.refs.scan()]
        return {
          refs,
          generations: catalog.generations.all(),
          taken: catalog.bundles.taken(),
          holders: catalog.holds.holders(),
          repositories: catalog.repositories.list(),
          facts: refs.map(({ repo, path: place }) => catalog.facts.of(repo, place).map(({ entry }) => entry)),
        }
      } finally {
        catalog.close()
      }
    },
    forged(from, to, change) {
      rmSync(at(to), { recursive: true, force: true })
      cpSync(at(from), at(to), { recursive: true })
      change(at(to))
      return to
    },
    secret: () => readMinisignSecret(readFileSync(at('mirror/keys/mirror.key')), 'mirror.key'),
    stranger: readMinisignSecret(Buffer.from(createMinisignSecret()), 'stranger.key'),
  }
}

/** The header of a bundle, changed and signed. */
export function sign(directory: string, secret: MinisignSecret, change: (header: BundleHeader) => unknown): void {
  const file = path.join(directory, bundleFiles.header)
  const header = parseHeader(readFileSync(file), file)
  const bytes = Buffer.from(formatHeader((change(header) ?? header) as BundleHeader))
  writeFileSync(file, bytes)
  writeFileSync(path.join(directory, bundleFiles.signature), secret.sign(bytes, 'forged'))
}

type Line = Record<string, unknown>

/** The list of a bundle, changed, with a header that is signed and says the same. */
export function signList(directory: string, secret: MinisignSecret, change: (lines: Line[]) => readonly Line[]): void {
  const file = path.join(directory, bundleFiles.entries)
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
  const changed = change(lines)
  const text = changed.map((line) => `${JSON.stringify(line)}\n`).join('')
  writeFileSync(file, text)
  const blobs = new Map(changed.filter(({ type }) => type === 'held').map(({ sha256, size }) => [sha256, Number(size)]))
  sign(directory, secret, (header) => ({
    ...header,
    entries: { sha256: hashOf(Buffer.from(text)), size: Buffer.byteLength(text), count: changed.length },
    blobs: { count: blobs.size, bytes: [...blobs.values()].reduce((sum, size) => sum + size, 0) },
  }))
}

/** Changes the lines of one kind, or of a path. */
export const onPath =
  (end: string, change: (line: Line) => Line) =>
  (lines: Line[]): readonly Line[] => {
    assert.ok(
      lines.some(({ path: place }) => typeof place === 'string' && place.endsWith(end)),
      end,
    )
    return lines.map((line) => (typeof line.path === 'string' && line.path.endsWith(end) ? change(line) : line))
  }

/** Where a blob of a bundle lies, by the path that names it. */
export function blobOf(directory: string, end: string): string {
  const text = readFileSync(path.join(directory, bundleFiles.entries), 'utf8')
  const line = text.split('\n').find((one) => one.includes(`${end}"`))
  const sha256 = String((JSON.parse(line ?? '{}') as Line).sha256)
  return path.join(directory, 'blobs/sha256', sha256.slice(0, 2), sha256)
}

/** Puts a blob into a bundle and returns its digest. */
export function addBlob(directory: string, bytes: Uint8Array): string {
  const sha256 = hashOf(bytes)
  const folder = path.join(directory, 'blobs/sha256', sha256.slice(0, 2))
  cpSync(path.dirname(blobOf(directory, '.tgz')), folder, {
    recursive: true,
    filter: (from) => from === path.dirname(blobOf(directory, '.tgz')),
  })
  writeFileSync(path.join(folder, sha256), bytes)
  return sha256
}
