// What a sync holds: the files that are named, the lists that vouch for them with their signatures, and what globs find in
// those lists and in the listings of folders.

import type { Entry, Look, Selector } from '../../contract.ts'
import { compileGlob } from '../../formats/glob.ts'
import { fileEntry } from './list.ts'
import { type FilesOptions, readWantOptions } from './options.ts'
import { filled, folderOf, listsIn } from './paths.ts'
import { signaturePaths } from './signature.ts'
import { isGlob } from './want.ts'

type Files = Look<FilesOptions>

/** Folders that one want may look into. */
const mostFolders = 5_000
const mostFiles = 200_000

export async function* closure(wants: readonly Selector[], look: Files): AsyncGenerator<Entry> {
  const lists = new Map<string, readonly Entry[]>()
  for (const want of wants) {
    if (want.name === '*' || isGlob(want.name)) yield* matching(want, look, lists)
    else yield* single(want, look, lists)
  }
}

async function* single(want: Selector, look: Files, lists: Lists): AsyncGenerator<Entry> {
  const path = `/${want.name}`
  const [digests] = want.digests ?? []
  if (digests !== undefined) {
    yield { ...fileEntry(path, digests), ...(want.url === undefined ? {} : { url: want.url }) }
    return
  }
  yield* withLists([{ path, name: want.name }], look, lists)
}

type Lists = Map<string, readonly Entry[]>

/** Files with the lists that vouch for them before them, each list once. */
async function* withLists(files: Iterable<Entry>, look: Files, lists: Lists): AsyncGenerator<Entry> {
  const { options } = look.repo
  for (const file of files) {
    let stated: Entry | undefined
    for (const path of filled(options.checksums, file.path)) {
      const known = lists.get(path)
      const entries = known ?? (await Array.fromAsync(look.entries(path)))
      lists.set(path, entries)
      if (known === undefined) yield* documents(path, look)
      stated ??= entries.find((entry) => entry.path === file.path)
    }
    yield stated ?? file
    const signed = options.signed.some((glob) => compileGlob(glob)(file.path.slice(1)))
    if (signed) for (const path of signaturePaths(file.path, options)) yield* present(path, look)
  }
}

async function* documents(list: string, look: Files): AsyncGenerator<Entry> {
  if ((await look.document(list)) === undefined) return
  yield { path: list }
  for (const path of signaturePaths(list, look.repo.options)) yield* present(path, look)
}

async function* present(path: string, look: Files): AsyncGenerator<Entry> {
  if ((await look.document(path)) !== undefined) yield { path }
}

async function* matching(want: Selector, look: Files, lists: Lists): AsyncGenerator<Entry> {
  const { depth, match } = readWantOptions(want)
  const globs = (want.name === '*' ? match : [want.name]).map((glob) => glob.replace(/^\/+/, ''))
  const found = new Map<string, Entry>()
  let cut = false
  for (const glob of globs) {
    const fits = compileGlob(glob)
    const top = `/${literalFolder(glob)}`
    const deepest = glob.includes('**') ? depth : glob.slice(top.length - 1).split('/').length - 1
    for await (const entry of below(top, deepest, look)) {
      if (!fits(entry.path.slice(1))) continue
      if (found.size >= mostFiles) cut = true
      else found.set(entry.path, entry)
    }
  }
  if (cut) look.lacks(want, `more than ${mostFiles} files match; the rest is left out`)
  if (found.size === 0) look.lacks(want, nothing(look))
  yield* withLists(found.values(), look, lists)
}

const nothing = ({ repo }: Files): string =>
  repo.options.listing || repo.options.checksums.length > 0
    ? 'no file matches'
    : 'what matches can only be known from `checksums` or, with `listing: true`, from the listings of folders'

/** The folder of a glob that holds no wildcard, without a slash in front; '' or with one at its end. */
const literalFolder = (glob: string): string => {
  const wild = glob.search(/[*?[{]/)
  return glob.slice(0, glob.lastIndexOf('/', wild) + 1)
}

/** What lists and listings name below a folder. */
async function* below(top: string, depth: number, look: Files): AsyncGenerator<Entry> {
  const { listing } = look.repo.options
  const folders = [{ path: top, depth }]
  const known = new Set([top])
  for (const folder of folders) {
    for (const list of filled(listsIn(look.repo.options), `${folder.path}x`)) yield* filesOf(list, look)
    if (!listing) continue
    for await (const entry of look.entries(folder.path)) {
      if (!entry.path.endsWith('/')) yield entry
      else if (folder.depth > 0 && !known.has(entry.path) && known.size < mostFolders) {
        known.add(entry.path)
        folders.push({ path: entry.path, depth: folder.depth - 1 })
      }
    }
  }
}

async function* filesOf(list: string, look: Files): AsyncGenerator<Entry> {
  for await (const entry of look.entries(list)) if (folderOf(entry.path).startsWith(folderOf(list))) yield entry
}
