// What an ecosystem is: paths, and a few pure functions over the documents at them. The engine fetches, verifies, keeps,
// judges and serves; an ecosystem never sees network, disk, clock, configuration or policy.
// docs/architecture.md explains the words; docs/decisions.md says where and why this differs from the first design.

import type { GenericSchema } from 'valibot'
import type { MirrorError } from './errors.ts'

/** Digests by algorithm, hex in lower case: `{ sha256: '…', sha512: '…' }`; an ecosystem's own kinds keep their own form. */
export type Digests = Readonly<Record<string, string>>
export type Bytes = Uint8Array | AsyncIterable<Uint8Array>
/** Of a large document in groups: a step each would take longer than reading it. */
export type Entries = Iterable<Entry> | AsyncIterable<Entry | readonly Entry[]>
export type Params = Readonly<Record<string, string>>

/** Received bytes with what is known of them. `beside` holds the documents that the route asked to have read along. */
export interface Doc {
  /** Canonical path in the repo: decoded, begins with `/`, no empty, `.` or `..` segment. */
  readonly path: string
  /** Where the bytes came from. */
  readonly url: string
  /** Media type without parameters, lower case; '' when upstream named none. */
  readonly type: string
  readonly size: number
  /** Always holds sha256; beside it what was computed when the bytes came. */
  readonly digests: Digests
  /** Upstream's header fields, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly beside: ReadonlyMap<string, Doc>
  bytes(): Promise<Uint8Array>
  /** The bytes from `from` up to, not including, `to`. */
  stream(from?: number, to?: number): AsyncIterable<Uint8Array>
}

/** "At this path there is this file": what a document says of another path. */
export interface Entry {
  /** Where this repo serves it. */
  readonly path: string
  /** Where upstream keeps it, when elsewhere: absolute, or a path of the same upstream. */
  readonly url?: string
  readonly digests?: Digests
  /** Bytes. */
  readonly size?: number
  readonly name?: string
  readonly version?: string
  /** Publication time in milliseconds since 1970, only from a clock that the author does not set. */
  readonly published?: number
  /** The ecosystem's own, as plain JSON: dependencies, key and signature, wheel tags … */
  readonly data?: unknown
}

/** What a user wants: one line of a manifest or of a lockfile, in common form. `name: '*'` is a whole root. */
export interface Selector {
  readonly name: string
  /** In the ecosystem's own range syntax. */
  readonly range?: string
  /** How many of the newest satisfying versions; 1 when left out. */
  readonly keep?: number
  /** Kinds of dependency to follow; the ecosystem's default when left out, none when empty. */
  readonly follow?: readonly string[]
  /** From a lockfile: the file must have any one of these. */
  readonly digests?: readonly Digests[]
  /** From a lockfile that names files: whose digests they are. Files of the version that it does not name are held against none. */
  readonly files?: readonly { readonly name: string; readonly digests: Digests }[]
  readonly url?: string
  /** The ecosystem's own: features, suites, architectures … */
  readonly options?: Readonly<Record<string, unknown>>
  readonly from: { readonly file: string; readonly line?: number }
}

/** A machine that packages are wanted for: `linux-x64-glibc`. Missing parts mean "any". */
export interface Platform {
  readonly os?: string
  readonly cpu?: string
  readonly libc?: string
  readonly python?: string
}

export interface Repo<O = unknown> {
  readonly name: string
  /** Base addresses without a trailing slash, equal mirrors of each other, the preferred one first. */
  readonly upstreams: readonly string[]
  readonly options: O
  /** The ecosystem's service document, when it has one and it has been read. */
  readonly service?: Doc
}

/** What a check may use. What it remembers is kept only if the check returns. */
export interface Trust {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Another document of this repo; undefined when upstream does not have it. */
  document(path: string): Promise<Doc | undefined>
  /** The same without its route's own check: this check proves it along with its own document, and it is held when it returns. */
  unproven(path: string): Promise<Doc | undefined>
  /** Public keys by keyring name, or those of the same kind that the repository is configured with. */
  keys(name?: string): Promise<readonly Uint8Array[]>
  recall(key: string): string | undefined
  remember(key: string, value: string): void
  /** How the bytes were proven, for reports: `signature by FINGERPRINT`. */
  proven(by: string): void
  /** The document says that it is no longer valid: throws, or goes on with a warning, as policy says. */
  expired(error: MirrorError): void
}

/** What a closure may look at: only what policy allows is shown to it. */
export interface Look<O> {
  readonly repo: Repo<O>
  /** Empty means every platform. */
  readonly platforms: readonly Platform[]
  /** A document, or a file that policy allows, whole and verified, fetched when it is not held; undefined when it is not there. */
  document(path: string): Promise<Doc | undefined>
  /** What the document at `path` says, after fetching and reading it when need be. */
  entries(path: string): AsyncIterable<Entry>
  /** The entries of that name, out of the documents read so far. */
  find(name: string): AsyncIterable<Entry>
  lacks(want: Selector, reason: string): void
}

/** How a document is shown to clients. */
export interface Show {
  /** Address of the repo's mount without a trailing slash. */
  readonly base: string
  /** Query parameters of the request that the route's `shows` names, each at most once; empty when it names none. */
  readonly query: Params
  /** The media type to render, one of the route's `types`. */
  readonly type: string
  /** Is it shown: policy and cooldown and, offline, held (when the document has anything that is held). */
  sees(entry: Entry): boolean
  /** Policy and cooldown alone, for protocols that had rather mark than drop what is not held. */
  allows(entry: Entry): boolean
  /** Another document or file of this repo, whole and verified, fetched when it is not held; undefined when it is not there. */
  document(path: string): Promise<Doc | undefined>
  /** Another document, never an artifact, as it is shown. */
  render(path: string, type?: string): Promise<Shown | undefined>
  /** What this repo holds and shows, for made indexes of a partial mirror. */
  holdings(name?: string): AsyncIterable<Entry>
  /** States header fields of the protocol's own that depend on what is shown: the link to the next page. */
  states(headers: Readonly<Record<string, string>>): void
}

/** A decoded path of upstream with a query, as it is written behind the question mark. */
export interface Asked {
  readonly path: string
  readonly query: string
}

export interface Shown {
  readonly size: number
  readonly digests: Digests
  bytes(): AsyncIterable<Uint8Array>
}

/** artifact: never changes. index: changes, and speaks of other paths. made: made here. live: passed on, never kept. */
export type Kind = 'artifact' | 'index' | 'made' | 'live'

export interface Route<P, O> {
  readonly kind: Kind
  /** What its parameters must be: patterns, or anything else that can test a text. */
  readonly where?: { readonly [K in keyof P]?: Pick<RegExp, 'test'> }

  // asked of upstream
  /** A decoded path, a path with a query, or a whole address; the same path when left out. A promise where the service document tells. */
  upstream?(p: P, repo: Repo<O>): string | Asked | Promise<string | Asked>
  readonly accept?: string
  /** Query parameters that upstream is asked with; each combination is a document of its own. Others are dropped. */
  readonly query?: readonly string[] | 'all'
  /** Fields of a client's request that upstream is sent too; where upstream's Vary names one, each value is kept apart. */
  passes?(p: P, repo: Repo<O>): readonly string[]
  /** Live routes only; GET and HEAD when left out. */
  readonly methods?: readonly string[]
  /** Bytes; no more are taken. 1 GiB of an index and 64 GiB of an artifact when left out. */
  readonly limit?: number
  /**
   * The next page of a document that comes in several, by the header fields of the page before. All are kept as one
   * document, with a record separator (U+001E, RFC 7464) between them.
   */
  next?(headers: Readonly<Record<string, string>>, p: P): Asked | undefined
  /** Digests that are computed of what is kept and of what is shown, beside sha256 and those that are stated: `sha1`, `md5` … */
  readonly hashes?: readonly string[]
  /** Statuses that mean "not there"; 404 and 410 when left out. */
  readonly absent?: readonly number[]
  /** Documents read along with this one, which came with the media type `type`; absent ones are fine. */
  beside?(p: P, repo: Repo<O>, type: string): readonly string[]

  // trusted because
  /** What the path alone tells: name, version, digest. */
  known?(p: P): Partial<Entry>
  /**
   * Documents that vouch for this path. All that are there are asked; a path that declares this and that none names is not
   * there. Undefined: in this repo nobody has to.
   */
  vouchers?(p: P, repo: Repo<O>): readonly string[] | undefined
  /**
   * A path that no voucher states a digest of is there all the same. `kept`: for ever, as it was first seen. `changes`: it
   * is kept fresh as an index is, replaced when upstream replaces it, and passed on unkept where upstream says so. Left
   * out: not there, where the route has vouchers.
   */
  readonly unvouched?: 'kept' | 'changes'
  /**
   * Documents, or files that are read, which date the version that this path belongs to. Where a cooldown waits they are
   * obtained and read before the path is judged. What they state of other files of the same name and version counts, and they
   * may state it of this path without vouching for it. First sights count by them alone.
   */
  dates?(p: P, repo: Repo<O>): readonly string[]
  /** Path prefixes this document may speak of, beyond itself, what names it as voucher or date and what lies under its own folder. */
  about?(p: P): readonly string[]
  /** Signatures and dates: throws when the bytes cannot be trusted. `said` is what the vouchers say of this path. */
  check?(doc: Doc, p: P, repo: Repo<O>, trust: Trust, said: Partial<Entry>): Promise<void>

  // means
  read?(doc: Doc, p: P, repo: Repo<O>): Entries
  /** Of an index: what is held of this path stays right for ever, and is not asked for again. */
  stays?(p: P): boolean
  /** What flips together: the key of the set this path belongs to. The set's root has no vouchers. */
  generation?(p: P): string

  // shown as
  /** Media types offered; the first is the default. */
  readonly types?: readonly string[]
  /** An index of everything that, offline and in an exported tree, is made of what is held: its view gets no document then. */
  readonly offline?: 'made'
  /** Query parameters that choose what is shown (a page, a filter), for `Show.query`; upstream is not asked with them. */
  readonly shows?: readonly string[]
  /** The body for clients; undefined is "not there". Without a view the bytes are passed on as they are. */
  view?(doc: Doc | undefined, show: Show, p: P, repo: Repo<O>): Promise<Bytes | undefined>
  /**
   * What `view` makes of a large document of which nothing is hidden, in small steps and while it still arrives: `size` and
   * `digests` are not known then, and `stream` waits. Throws where it cannot go on; what it yielded until then must be the
   * beginning of what `view` makes.
   */
  flow?(doc: Doc, show: Show, p: P, repo: Repo<O>): AsyncIterable<Uint8Array>
  /**
   * Header fields of the protocol's own; an `etag` among them takes the place of ours, and names the content in every
   * coding. Of a file that still arrives only the stated digests are known.
   */
  headers?(shown: Pick<Shown, 'digests'>, doc: Doc | undefined, p: P): Readonly<Record<string, string>>
  /** Its names in an exported tree; its own path when left out, none when empty. */
  files?(p: P, type: string): readonly string[]
}

/** A route with its pattern; made by `route`. */
export interface AnyRoute<O> extends Route<Params, O> {
  readonly pattern: string
  match(path: string): Params | undefined
  path(p: Params): string
}

export interface BuiltIn<O> {
  readonly name: string
  readonly upstreams: readonly string[]
  /** Where it is mounted; `/NAME` when left out. */
  readonly mount?: string
  /** Hosts, beyond the upstream's own, that its documents may point to. */
  readonly hosts?: readonly string[]
  /** Other spellings of the upstream, as lockfiles write them. */
  readonly also?: readonly string[]
  readonly options?: Partial<O>
}

export interface Versions {
  compare(a: string, b: string): number
  satisfies(version: string, range: string): boolean
  prerelease(version: string): boolean
  /** The range that only this version satisfies. */
  exact(version: string): string
  /** Why a text is no range, in words; undefined when it is one. */
  fault(range: string): string | undefined
}

/** Where a repo is mounted, for the texts of `setup`. */
export interface Mounted<O> {
  readonly repo: Repo<O>
  /** Address of the mount without a trailing slash. */
  readonly base: string
}

/** How one client is pointed at the mirror. */
export interface Setup {
  /** The client's command: npm, pnpm, cargo, apt. */
  readonly client: string
  readonly title: string
  /** A file to write, environment variables, or commands to run. */
  readonly files?: readonly { readonly path: string; readonly text: string }[]
  readonly env?: Readonly<Record<string, string>>
  readonly commands?: readonly string[]
  readonly note?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A version that is held: its files, and what is held beside them. */
export interface HeldVersion {
  readonly name: string
  readonly version: string
  /** Paths of its files. */
  readonly paths: readonly string[]
  /** As it is held; asks nobody. */
  document(path: string): Promise<Doc | undefined>
}

/** What people watch for when a package changes, as far as its own metadata tells. */
export interface Traits {
  readonly licence?: string
  /** What runs when it is installed or built. */
  readonly scripts?: readonly string[]
  readonly maintainers?: readonly string[]
}

export interface Ecosystem<O> {
  readonly id: string
  readonly title: string
  /** The purl type. */
  readonly purl: string
  /** Other words for it in configuration, purls and commands. */
  readonly aliases?: readonly string[]
  /** Mounted without configuration. */
  readonly repos: readonly BuiltIn<O>[]
  readonly options: GenericSchema<unknown, O>
  /** How fresh what changes is kept where no configuration says: as upstream's own header fields say (RFC 9111). */
  readonly freshFor?: 'upstream'
  /** Path of a document that the routes' addresses depend on. */
  readonly service?: string
  /** The first match wins. */
  readonly routes: readonly AnyRoute<O>[]
  readonly versions: Versions
  /** Digests of the ecosystem's own kind, by algorithm. */
  readonly digests?: Readonly<Record<string, (doc: Doc) => Promise<string>>>
  /** The canonical name, for policy and catalog. */
  name(text: string): string
  /** One line of a package list, in the ecosystem's own syntax; throws a MirrorError when it is none. */
  want(text: string, repo: Repo<O>): Omit<Selector, 'from'>
  /** What a sync holds for these wants: documents first, then what they name. */
  closure(wants: readonly Selector[], look: Look<O>): AsyncIterable<Entry>
  /** Of a held version, out of held documents: reviews of what changed show it. */
  traits?(held: HeldVersion): Promise<Traits | undefined>
  /** Paths of made documents, for an export. */
  made?(repo: Repo<O>, held: AsyncIterable<Entry>): AsyncIterable<string>
  /**
   * Where a document may have been, by what it says of itself: asked of bytes whose place was forgotten, which may be those of
   * anything.
   */
  recognise?(bytes: Uint8Array, repo: Repo<O>): readonly { readonly path: string; readonly type: string }[]
  /** How its documents have taken a version back, in a word such as `yanked`, by the data of an entry; undefined when they have not. */
  withdrawn?(data: unknown): string | undefined
  setup(at: Mounted<O>): readonly Setup[]
  /** Forms of directory that its tools read, by the name under which an export offers them. */
  readonly layouts?: Readonly<Record<string, Layout>>
  /** How this protocol words an error, where plain text would not do; `path` is the one that was asked for. */
  refuse?(error: MirrorError, path: string): Answer
  /** The canonical spelling of a path that clients also write in another way; the path itself when there is none. */
  spelling?(path: string): string
  /**
   * The query parameter by which clients say which upstream's host they mean, whatever address they ask; and the header field
   * in which they are told that it counted.
   */
  readonly namespace?: { readonly query: string; readonly header: string }
  /** Where a repository that is not built in is mounted unless it says so; `/NAME` when left out. */
  mount?(name: string): string
  /** Where a repository is mounted on a listener of its own; at the top when left out. */
  readonly alone?: string
}

/** A file that is held and shown. */
export interface LayoutFile {
  /** Canonical path in the repo. */
  readonly path: string
  readonly type: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
}

/** A form of directory that tools of an ecosystem read, in place of a tree for web servers. */
export interface Layout {
  /** Where a file goes in it, without a slash in front; undefined when it has no place. Several files may share one. */
  place(file: LayoutFile): string | undefined
  /** The documents that make it whole, by their place. */
  documents(files: readonly LayoutFile[]): Readonly<Record<string, string>>
}

/** Any ecosystem, its options' type forgotten. Its functions are handed only what its own schema made. */
// biome-ignore lint/suspicious/noExplicitAny: the list of ecosystems is the one place where options of every type meet
export type AnyEcosystem = Ecosystem<any>

// Lockfiles.

export interface LockInput {
  readonly name: string
  bytes(): AsyncIterable<Uint8Array>
  /** A file beside it, for formats that refer to others. */
  near(path: string): AsyncIterable<Uint8Array> | undefined
}

/** One line of a lockfile, in common form. */
export interface Locked {
  readonly ecosystem: string
  readonly name: string
  readonly version?: string
  /** Where no version is pinned: in the ecosystem's own range syntax. */
  readonly range?: string
  /** Of the file, or of a git or other source. */
  readonly url?: string
  /** Address of the registry that it comes from, where the format names one. */
  readonly registry?: string
  readonly digests: readonly LockedDigest[]
  readonly source: 'registry' | 'git' | 'file' | 'link' | 'url' | 'workspace'
  /** When it is wanted: environment markers, platforms, as the format writes them. */
  readonly markers?: string
  /** The ecosystem's own, for the selector: extras, classifier, recipe revision. */
  readonly options?: Readonly<Record<string, unknown>>
  /** The file that the line stands in, when it is another than the one that was read. */
  readonly file?: string
  readonly line?: number
}

export interface LockedDigest {
  /** What the bytes are that it is of: a file as a server has it, a tree of files, yarn's own archive, content without its signature. */
  readonly of: 'file' | 'tree' | 'berry-zip' | 'content'
  readonly digests: Digests
  /** The file's name, where a version has several. */
  readonly filename?: string
  /** Where the format says that the file is. */
  readonly url?: string
}

export interface LockFormat {
  readonly id: string
  /** File names it is recognised by; `*` stands for any part of one. */
  readonly names: readonly string[]
  /** It names what is wanted directly, not all that this takes: dependencies are followed. */
  readonly direct?: true
  sniff?(head: Uint8Array): boolean
  read(input: LockInput): AsyncIterable<Locked>
}

// Patterns. `/:name+/-/:file`: `:x` is one segment or a part of one, `:x+` one or more segments.

type Letter =
  | 'a'
  | 'b'
  | 'c'
  | 'd'
  | 'e'
  | 'f'
  | 'g'
  | 'h'
  | 'i'
  | 'j'
  | 'k'
  | 'l'
  | 'm'
  | 'n'
  | 'o'
  | 'p'
  | 'q'
  | 'r'
  | 's'
  | 't'
  | 'u'
  | 'v'
  | 'w'
  | 'x'
  | 'y'
  | 'z'
type TakeName<S extends string, Name extends string = ''> = S extends `${infer C}${infer Rest}`
  ? Lowercase<C> extends Letter
    ? TakeName<Rest, `${Name}${C}`>
    : { name: Name; rest: S }
  : { name: Name; rest: '' }
type Names<S extends string> = S extends `${string}:${infer Rest}`
  ? TakeName<Rest> extends { name: infer N extends string; rest: infer R extends string }
    ? N | Names<R>
    : never
  : never
export type ParamsOf<S extends string> = { readonly [K in Names<S>]: string }

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Declares a route; a misspelt parameter does not compile. */
export function route<const S extends string, O = unknown>(pattern: S, declared: Route<ParamsOf<S>, O>): AnyRoute<O> {
  const names: string[] = []
  let source = ''
  let from = 0
  for (const part of pattern.matchAll(/:([a-zA-Z]+)(\+?)/g)) {
    const [text, name = '', plus] = part
    source += quote(pattern.slice(from, part.index))
    source += plus === '+' ? '(.+)' : '([^/]+)'
    names.push(name)
    from = part.index + text.length
  }
  const expression = new RegExp(`^${source}${quote(pattern.slice(from))}$`, 's')
  const where = (declared.where ?? {}) as Readonly<Record<string, Pick<RegExp, 'test'> | undefined>>
  return {
    ...(declared as unknown as Route<Params, O>),
    pattern,
    match(path) {
      const found = expression.exec(path)
      if (found === null) return undefined
      const params: Record<string, string> = {}
      for (const [index, name] of names.entries()) {
        const value = found[index + 1] ?? ''
        if (where[name] !== undefined && !where[name].test(value)) return undefined
        params[name] = value
      }
      return params
    },
    path: (params) => pattern.replace(/:([a-zA-Z]+)\+?/g, (_, name: string) => params[name] ?? ''),
  }
}

/** The same route for those paths alone whose parameters hold together. */
export const only = <O>(declared: AnyRoute<O>, holds: (p: Params, path: string) => boolean): AnyRoute<O> => ({
  ...declared,
  match(path) {
    const p = declared.match(path)
    return p !== undefined && holds(p, path) ? p : undefined
  },
})

/** A document that lists items, each naming a file. */
export interface Listing<D, I, P, O> {
  /** The whole document; throws a MirrorError when it is not of its format. */
  parse(bytes: Uint8Array, doc: Doc, p: P): D
  items(document: D): Iterable<I>
  /** The file that an item names; undefined for an item that names none: such an item is dropped from the view. */
  entry(item: I, document: D, p: P, repo: Repo<O>): Entry | undefined
  /** The body, with only the items that are shown. */
  keep(document: D, shown: readonly Kept<I>[], show: Show, p: P, repo: Repo<O>): Bytes | undefined
}
export interface Kept<I> {
  readonly item: I
  readonly entry: Entry
}

/** A `read` and a `view` over the same items, so that what is shown and what is vouched for can never disagree. */
export function listing<D, I, P, O>(list: Listing<D, I, P, O>): Required<Pick<Route<P, O>, 'read' | 'view'>> {
  return {
    async *read(doc, p, repo) {
      const document = list.parse(await doc.bytes(), doc, p)
      for (const item of list.items(document)) {
        const entry = list.entry(item, document, p, repo)
        if (entry !== undefined) yield entry
      }
    },
    async view(doc, show, p, repo) {
      if (doc === undefined) return undefined
      const document = list.parse(await doc.bytes(), doc, p)
      const shown: Kept<I>[] = []
      for (const item of list.items(document)) {
        const entry = list.entry(item, document, p, repo)
        if (entry !== undefined && show.sees(entry)) shown.push({ item, entry })
      }
      return list.keep(document, shown, show, p, repo)
    },
  }
}
