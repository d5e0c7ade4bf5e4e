// Configuration and manifests after loading: every default filled in, every duration in milliseconds (Infinity for
// "forever", "never" and "none"), every size in bytes, every path absolute, every value with the place it came from.
// Plain data: it crosses to worker threads as it is.

import type { Platform, Selector } from '../contract.ts'

/** Where a value was written; `file` is a path, an environment variable, a flag, or "default". */
export interface Where {
  readonly file: string
  readonly line?: number
}

/** Where a value was written, and its text after expansion; of a secret only stars. */
export interface Origin extends Where {
  readonly text: string
}

/** A purl with globs and a version range (`pkg:npm/@corp/*`, `pkg:npm/left-pad@<1.3`), as text. */
export interface PackageRule {
  readonly pattern: string
  readonly where: Where
}

export interface Cooldown {
  readonly default: number
  /** By ecosystem id (aliases resolved), by repository name, by purl pattern in file order. */
  readonly ecosystems: Readonly<Record<string, number>>
  readonly repositories: Readonly<Record<string, number>>
  readonly packages: readonly (PackageRule & { readonly cooldown: number })[]
  /** What the first reading of an index shows, where there is no publication time: allowed, or waiting like the rest. */
  readonly baseline: 'allow' | 'wait'
}

/** How paths are kept fresh. All rules whose glob fits a path apply; of two that state the same, the later one counts. */
export interface FreshnessRule {
  /** A doublestar glob over the repo path, such as `/dists/**`. */
  readonly match: string
  /** `pinned` is validated like any other, but other bytes under the same path are refused. */
  readonly policy?: 'immutable' | 'pinned' | 'revalidate' | 'bypass'
  readonly freshFor?: number | 'upstream'
  readonly expireAfter?: number
  readonly where: Where
}

export interface Policy {
  readonly cooldown: Cooldown
  /** When not empty, only these are allowed. */
  readonly allow: readonly PackageRule[]
  readonly deny: readonly PackageRule[]
  /** The weakest proof that is accepted. */
  readonly require: 'signature' | 'digest' | 'tls' | 'any'
  /** What to do with an index past its own Valid-Until. */
  readonly expired: 'refuse' | 'serve'
  readonly freshFor: number | 'upstream'
  readonly expireAfter: number
  readonly expireOffline: boolean
  readonly staleIfError: number
  readonly negativeFor: number
  readonly rules: readonly FreshnessRule[]
}

export interface Credentials {
  /** The scope: a URL prefix; the repository's own upstreams when left out. The longest that fits wins. */
  readonly url?: string
  readonly bearer?: string
  readonly username?: string
  readonly password?: string
  /** Sent as it is in `Authorization`. */
  readonly authorization?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Network {
  /** Address of the outbound proxy, none when left out; 'env' reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly proxy?: string
  /** Extra certificate authorities, client certificate and key: file paths. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Milliseconds. */
  readonly timeouts: { readonly connect: number; readonly headers: number; readonly idle: number }
  /** Requests at once: per host, and in all. */
  readonly concurrency: { readonly host: number; readonly total: number }
  readonly retries: number
}

/** One of the ordered upstreams of a repository: equal mirrors of each other, asked for the names that it may have. */
export interface Source {
  /** Name of a repository, or an address. */
  readonly name: string
  readonly upstreams: readonly string[]
  /** Globs over package names. When there are any, these names are asked of this source alone, and no others. */
  readonly only: readonly string[]
  /** Names that it is never asked for. */
  readonly not: readonly string[]
}

export interface Repository {
  readonly name: string
  readonly ecosystem: string
  /** Of all its sources, where it has several. */
  readonly upstreams: readonly string[]
  /** In the order in which they are asked; a name stays with the first that has it. */
  readonly sources?: readonly Source[]
  /** Begins with `/`, no trailing slash. */
  readonly mount: string
  /** `HOST:PORT`, where it is served by itself too. */
  readonly listen?: readonly string[]
  /** Parsed by the ecosystem's own schema. */
  readonly options: unknown
  readonly policy: Policy
  readonly credentials: readonly Credentials[]
  readonly network: Network
  /** Host globs that documents and redirects may point to, beyond the upstreams' own; `*` opens all public ones. */
  readonly allowHosts: readonly string[]
  /** Hosts that the built-in declaration lists beside the upstreams' own; they must resolve to public addresses. */
  readonly hosts?: readonly string[]
  /** Keyrings: names of shipped ones, or absolute file paths. */
  readonly keyrings: readonly string[]
  readonly builtin: boolean
  readonly where: Where
}

/** What a manifest asks of one repository. */
export interface Want {
  readonly repo: string
  /**
   * A line of a package list, checked but still to be understood by the ecosystem; `selector` then overrides what it
   * means. A root has no text: its selector is complete, with the name `*`.
   */
  readonly text?: string
  readonly selector: Partial<Omit<Selector, 'from'>>
  readonly from: Where
}

/** What is to stay free of the disk: a share of it, 0 to 1, or bytes. */
export type KeepFree = { readonly share: number } | { readonly bytes: number }

/** Where a run is announced: an address that is posted to, or a program with its arguments. */
export type Hook = { readonly url: string } | { readonly argv: readonly string[] }

export interface Settings {
  /** Data directory. */
  readonly data: string
  /** Where blobs and the catalog are kept, when not in the data directory: absolute paths or addresses. */
  readonly store?: string
  readonly catalog?: string
  /** `HOST:PORT`. */
  readonly listen: readonly string[]
  readonly baseUrl?: string
  /** Host names, beyond loopback and our own addresses, under which clients may address us. */
  readonly hosts: readonly string[]
  readonly log: { readonly level: string; readonly format: 'auto' | 'text' | 'json' }
  /** Log the heads of requests and answers. */
  /** Processes that meet clients; 0: this one does everything. */
  readonly workers: number | 'auto'
  /** The web server in front that sends large files itself, and the addresses it asks from. */
  readonly accel: { readonly by: 'none' | 'nginx'; readonly from: readonly string[] }
  readonly debug: boolean
  readonly offline: boolean
  readonly repositories: readonly Repository[]
  readonly policy: Policy
  readonly gc: { readonly every: number; readonly expireEvery: number }
  readonly keep: {
    readonly latest?: number
    readonly unusedFor: number
    readonly maxSize: number
    readonly maxAge: number
    readonly grace: number
    /** Packages that gc leaves, whatever the rules say. */
    readonly pinned: readonly PackageRule[]
  }
  readonly keepFree: KeepFree
  /** How much a manifest's selection may grow in one run: 0.2 is a fifth. */
  readonly maxGrowth: number
  /** Copies of the catalog: one so often, and so many of them. */
  readonly backup: { readonly every: number; readonly keep: number }
  /** How long a run waits for another on the same data directory, milliseconds. */
  readonly wait: number
  /** Files that a sync writes its report to; their endings tell the form. */
  readonly report: readonly string[]
  readonly notify: { readonly start?: Hook; readonly success?: Hook; readonly failure?: Hook }
  /** How what belongs to no repository is asked. */
  readonly network: Network
  /** Whether syncs make them, and how many and how old ones of theirs gc leaves. */
  readonly snapshots: { readonly auto: boolean; readonly latest: number; readonly maxAge: number }
  readonly publish?: { readonly directory: string; readonly baseUrl?: string }
  /** Of an exported tree, wherever it is. */
  readonly publishGrace: number
  // what a sync wants
  readonly wants: readonly Want[]
  readonly lockfiles: readonly { readonly glob: string; readonly where: Where }[]
  readonly platforms: readonly Platform[]
  /** Every value with where it came from, for `validate --effective`: dotted key → place. */
  readonly origins: Readonly<Record<string, Origin>>
  /** What is not wrong, but surely not meant. */
  readonly warnings: readonly { readonly message: string; readonly where: Where }[]
}
