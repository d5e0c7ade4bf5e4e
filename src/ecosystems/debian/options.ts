// What can be set for a repository, and what a want may say beyond its name.

import * as v from 'valibot'
import type { Platform, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { wantOptionsOf } from '../want-options.ts'

const words = v.array(v.pipe(v.string(), v.minLength(1)))

export interface DebianOptions {
  /** What a sync takes when a want does not say: `bookworm`, `bookworm/updates`, or flat with a slash at its end: `./`. */
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** From the wanted platforms, else amd64, when left out. */
  readonly architectures?: readonly string[] | undefined
  /** Kinds of dependency that a sync follows when a want does not say: depends, recommends. */
  readonly follow: readonly string[]
  /** Keyrings that are used when the repository is configured with none. */
  readonly keyrings: readonly string[]
}

export const follows = ['depends', 'recommends'] as const
export type Follow = (typeof follows)[number]

export const debianOptions: v.GenericSchema<unknown, DebianOptions> = v.strictObject({
  suites: v.optional(words, ['stable']),
  components: v.optional(words, ['main']),
  architectures: v.optional(words),
  follow: v.optional(v.array(v.picklist(follows)), ['depends']),
  keyrings: v.optional(words, []),
})

const wantOptions = v.strictObject({
  suites: v.optional(words),
  components: v.optional(words),
  architectures: v.optional(words),
  /** Of a root: only these packages. */
  packages: v.optional(words),
  /** The source package of each binary package too. */
  sources: v.optional(v.boolean(), false),
  /** Languages of the descriptions. */
  translations: v.optional(words, ['en']),
  /** The lists of files by path. */
  contents: v.optional(v.boolean(), false),
  /** Software centre metadata and icons. */
  dep11: v.optional(v.boolean(), false),
  /** The command-not-found lists. */
  commands: v.optional(v.boolean(), false),
  /** Essential packages and those of priority `required` too. */
  essential: v.optional(v.boolean(), false),
  /** The name is that of a source package. */
  source: v.optional(v.boolean(), false),
})
export type WantOptions = v.InferOutput<typeof wantOptions>

/** The options of a want; throws CONFIG for what is none. */
export const readWantOptions = (want: Selector): WantOptions => wantOptionsOf(wantOptions, want)

/** The kinds of dependency to follow; throws CONFIG for a kind that is none. */
export function readFollow(want: Selector, options: DebianOptions): readonly Follow[] {
  const asked = want.follow ?? options.follow
  return asked.map((kind) => {
    const known = follows.find((follow) => follow === kind)
    if (known !== undefined) return known
    throw new MirrorError('CONFIG', `${want.name}: cannot follow ${kind}; there are ${follows.join(', ')}`, want.from)
  })
}

/** Debian's names by Node's; those that are not here are the same in both. */
const architectureNames: Readonly<Record<string, string>> = {
  x64: 'amd64',
  x86_64: 'amd64',
  ia32: 'i386',
  x86: 'i386',
  aarch64: 'arm64',
  arm: 'armhf',
  armv7: 'armhf',
  armv6: 'armel',
  ppc64: 'ppc64el',
  ppc64le: 'ppc64el',
  mips64: 'mips64el',
  mips: 'mipsel',
}

/** Architectures of the Linux machines among the platforms; amd64 when there is none. */
export function architecturesOf(platforms: readonly Platform[]): readonly string[] {
  const names = new Set<string>()
  for (const { os = 'linux', cpu } of platforms) {
    if (os === 'linux' && cpu !== undefined) names.add(architectureNames[cpu] ?? cpu)
  }
  return names.size === 0 ? ['amd64'] : [...names]
}
