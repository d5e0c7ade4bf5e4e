// What lies at the top of a published tree and speaks of all of it: a page for people, the MANIFEST, a signature over that,
// and the configuration of web servers that loads whole. An export of some repositories keeps what is told of the others.

import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { MirrorError } from '../errors.ts'
import { formatManifest, readManifest } from '../formats/tree-manifest.ts'
import type { Sink, TreeFile } from '../sinks/sink.ts'
import { type GrowingTree, OWN_FOLDER } from '../sinks/tree.ts'
import { wholeConfigurations } from '../sinks/web-servers.ts'
import type { Store } from '../store/store.ts'
import type { About } from './export.ts'

const MANIFEST = 'MANIFEST'
const SIGNATURE = 'MANIFEST.minisig'
const PAGE = 'index.html'

/** After the documents of every repository. */
const ranks = { page: 1000, manifest: 1001, signature: 1002 } as const

/** Below the folder of the export. */
export const aboutPath = (repo: string): string => `about/${repo}/about.json`
const aboutForm = new RegExp(`^${OWN_FOLDER.replace('.', '\\.')}/about/[^/]+/about\\.json$`)
/** Set-ups of a few clients; what is larger was not written here. */
const LARGEST_ABOUT = 1024 * 1024

interface Top {
  readonly tree: GrowingTree
  readonly store: Store
  /** What is told of the repositories of this export. */
  readonly abouts: readonly About[]
  readonly earlier: Sink['earlier']
  /** Is a path of an earlier tree this export's business? */
  covers(path: string): boolean
  readonly baseUrl: string
  readonly dryRun: boolean
  page?(repos: readonly About[], baseUrl: string): string
  readonly sign?: (bytes: AsyncIterable<Uint8Array>) => Promise<string>
}

/** Throws UNREADABLE where an earlier tree's own files are broken, BAD_PATH where a repository needs their names. */
export async function describe(top: Top): Promise<void> {
  const { tree, store, baseUrl, dryRun, page, sign } = top
  for (const { path, text } of wholeConfigurations(baseUrl))
    tree.addOwn({ path, ...(await written(store, text(), dryRun)), modified: 0, kind: 'document', rank: ranks.page })
  const others = await keepOthers(top)
  const all = [...top.abouts, ...others].sort((a, b) => (a.repo < b.repo ? -1 : 1))
  // the date of the state: what web servers and rsync tell files apart by
  const modified = Math.max(0, ...all.map((one) => one.checked))
  const add = async (path: string, rank: number, texts: Iterable<string>): Promise<void> =>
    tree.add({ path, ...(await written(store, texts, dryRun)), modified, kind: 'document', rank })
  // a repository that is mounted at the top may have such a page of its own
  if (page !== undefined && tree.get(PAGE) === undefined) await add(PAGE, ranks.page, [page(all, baseUrl)])
  const manifest = (): Iterable<string> => inPieces(formatManifest(baseUrl, tree.described()))
  const signature = await sign?.(encoded(manifest()))
  await add(MANIFEST, ranks.manifest, manifest())
  if (signature !== undefined) await add(SIGNATURE, ranks.signature, [signature])
}

/** Puts texts into the store, or only tells what they would be there. */
export async function written(
  store: Store,
  texts: Iterable<string>,
  dryRun: boolean,
): Promise<Pick<TreeFile, 'sha256' | 'size'>> {
  if (!dryRun) return store.put(encoded(texts))
  const hash = createHash('sha256')
  let size = 0
  for (const text of texts) {
    hash.update(text)
    size += Buffer.byteLength(text)
  }
  return { sha256: hash.digest('hex'), size }
}

async function* encoded(texts: Iterable<string>): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

/** A step for each line would take longer than the lines. */
function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = ''
  for (const text of texts) {
    piece += text
    if (piece.length < 65_536) continue
    yield piece
    piece = ''
  }
  yield piece
}

/** Takes over from the earlier MANIFEST what this export leaves as it is; returns what is told of its repositories. */
async function keepOthers({ tree, earlier, covers, abouts }: Top): Promise<readonly About[]> {
  const pieces = earlier?.(MANIFEST)
  if (pieces === undefined) return []
  const found: About[] = []
  for await (const entry of (await readManifest(pieces, MANIFEST)).entries) {
    const { path } = entry
    if (path === PAGE || covers(path) || tree.get(path) !== undefined || tree.isWithdrawn(path)) continue
    tree.keep(entry)
    const about = earlier?.(path)
    if (about !== undefined && aboutForm.test(path)) found.push(await readAbout(about, path))
  }
  const names = new Set(abouts.map(({ repo }) => repo))
  return found.filter(({ repo }) => !names.has(repo))
}

const aboutSchema = v.object({
  repo: v.string(),
  title: v.string(),
  mount: v.string(),
  files: v.number(),
  bytes: v.number(),
  checked: v.number(),
  proofs: v.record(v.string(), v.number()),
  setup: v.array(
    v.object({
      client: v.string(),
      title: v.string(),
      files: v.exactOptional(v.array(v.object({ path: v.string(), text: v.string() }))),
      env: v.exactOptional(v.record(v.string(), v.string())),
      commands: v.exactOptional(v.array(v.string())),
      note: v.exactOptional(v.string()),
    }),
  ),
})

async function readAbout(pieces: AsyncIterable<Uint8Array>, file: string): Promise<About> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (size > LARGEST_ABOUT) break
    parts.push(piece)
  }
  try {
    return v.parse(aboutSchema, JSON.parse(Buffer.concat(parts).toString('utf8')))
  } catch (cause) {
    throw new MirrorError('UNREADABLE', 'this is not what an export tells of a repository', {
      file,
      hint: 'Export the whole tree again, without --repo.',
      cause,
    })
  }
}
