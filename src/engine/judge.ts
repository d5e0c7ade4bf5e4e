// The policy engine: may this be had now? One pure module for serve, sync and export, and for every ecosystem.
// What it needs is handed in: the subject, the clock's time, the rules. Nothing here reads or remembers anything.

import type { Seen } from '../catalog/rows.ts'
import type { PackageRule, Policy } from '../config/types.ts'
import type { Digests, Entry, Versions } from '../contract.ts'
import type { Code } from '../errors.ts'
import { formatDuration } from '../formats/duration.ts'
import { compilePattern, type PackagePattern } from '../formats/purl.ts'
import { withPrereleases } from './prereleases.ts'

/** What is judged: a package, a version of it, and the clocks that tell its age. */
export interface Subject {
  readonly name?: string | undefined
  readonly version?: string | undefined
  /** A rule may name bytes instead of a version: `pkg:oci/library/alpine@sha256:…`. */
  readonly digests?: Digests | undefined
  /** Publication time by the index, milliseconds since 1970. */
  readonly published?: number | undefined
  /** Last-Modified of the file itself. */
  readonly modified?: number | undefined
  readonly seen?: Seen | undefined
}

export type Verdict =
  | { readonly allow: true }
  | {
      readonly allow: false
      readonly code: Code
      /** A sentence naming the rule, the date and the clock. */
      readonly reason: string
      /** Milliseconds since 1970; when it may be asked for again. */
      readonly until?: number
    }

/** Which repository the rules are compiled for. */
export interface Judged {
  readonly ecosystem: string
  readonly purl: string
  readonly repo: string
  readonly versions: Versions
}

export interface Judge {
  verdict(subject: Subject, now: number): Verdict
  /** Nothing can ever be hidden: no rule denies and no cooldown waits. */
  readonly open: boolean
  /** Some cooldown can wait, so that times matter. */
  readonly waits: boolean
  /**
   * How long a new generation waits, in milliseconds: by the rules about what its root is a version of, or as the whole
   * repository when it is none of anything.
   */
  generationCooldown(of: Pick<Subject, 'name' | 'version'>): number
  /** Changes when any rule does. */
  readonly fingerprint: string
}

const allowed: Verdict = { allow: true }

/** Compiles the rules for one repository. The rules were checked when the configuration was loaded. */
export function compileJudge(policy: Policy, judged: Judged): Judge {
  const compile = (rule: PackageRule, versions = judged.versions): Compiled => ({
    rule,
    pattern: compilePattern(rule.pattern, (type) => (type === judged.purl ? versions : undefined)),
  })
  const fits = (rule: Compiled, name: string, version: string | undefined): boolean =>
    rule.pattern.matches({ type: judged.purl, name, repo: judged.repo, ...(version === undefined ? {} : { version }) })
  const names = (rule: Compiled, name: string, digests: Digests): boolean => {
    const [, algorithm = '', hex] = /@(sha256|sha512)(?::|%3a)([0-9a-f]+)$/i.exec(rule.pattern.text) ?? []
    return hex !== undefined && digests[algorithm] === hex && rule.pattern.matchesName(subjectOf(name))
  }
  const ours = (rule: Compiled): boolean =>
    rule.pattern.text.startsWith(`pkg:${judged.purl}/`) || rule.pattern.text.startsWith('pkg:*/')
  // what is denied below 1.3 is denied as 1.2.0-beta too; what is allowed is not widened by that
  const counting = withPrereleases(judged.versions)
  const deny = policy.deny.map((rule) => compile(rule, counting)).filter(ours)
  const allow = policy.allow.map((rule) => compile(rule))
  const waits = policy.cooldown.packages
    .map((rule) => ({ ...compile(rule), cooldown: rule.cooldown }))
    .filter(ours)
    .sort(
      (a, b) =>
        Number(b.pattern.exactName) - Number(a.pattern.exactName) || b.pattern.specificity - a.pattern.specificity,
    )
  const general = generalCooldown(policy, judged)
  const waiting = general.cooldown > 0 || waits.some((rule) => rule.cooldown > 0)

  function denied(name: string, version: string | undefined, digests: Digests = {}): Verdict {
    const rule = deny.find((one) => fits(one, name, version) || names(one, name, digests))
    if (rule !== undefined) {
      return { allow: false, code: 'DENIED', reason: `denied by ${rule.rule.pattern} (${place(rule.rule)})` }
    }
    if (allow.length === 0) return allowed
    const named = allow.some(
      (one) =>
        ours(one) && (version === undefined ? one.pattern.matchesName(subjectOf(name)) : fits(one, name, version)),
    )
    if (named) return allowed
    return {
      allow: false,
      code: 'DENIED',
      reason: `no \`allow\` rule names it (the first is ${allow[0]?.rule.pattern ?? ''})`,
    }
  }

  const subjectOf = (name: string) => ({ type: judged.purl, name, repo: judged.repo })

  function cooldownOf(name: string, version: string | undefined): { readonly cooldown: number; readonly rule: string } {
    const rule = waits.find((one) => fits(one, name, version))
    return rule === undefined
      ? general
      : { cooldown: rule.cooldown, rule: `${rule.rule.pattern} (${place(rule.rule)})` }
  }

  return {
    open: deny.length === 0 && allow.length === 0 && !waiting,
    waits: waiting,
    generationCooldown: ({ name, version }) =>
      name === undefined ? general.cooldown : cooldownOf(name, version).cooldown,
    fingerprint: JSON.stringify([policy.deny, policy.allow, policy.cooldown].map(withoutPlaces)),
    verdict(subject, now) {
      if (subject.name === undefined) return allowed
      const first = denied(subject.name, subject.version, subject.digests)
      if (!first.allow || subject.version === undefined) return first
      const { cooldown, rule } = cooldownOf(subject.name, subject.version)
      if (cooldown === 0) return allowed
      const clock = clockOf(subject, policy.cooldown.baseline)
      if (clock === undefined) return allowed
      const until = clock.time + cooldown
      if (now >= until) return allowed
      return {
        allow: false,
        code: 'COOLDOWN',
        reason: `younger than its cooldown of ${formatDuration(cooldown)} by ${rule}: ${dated(clock)}, allowed from ${dateText(until)}`,
        until,
      }
    },
  }
}

interface Compiled {
  readonly rule: PackageRule
  readonly pattern: PackagePattern
}

const place = (rule: PackageRule): string =>
  rule.where.line === undefined ? rule.where.file : `${rule.where.file}:${rule.where.line}`

const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, part: unknown) =>
      key === 'where' ? undefined : part === Number.POSITIVE_INFINITY ? 'forever' : part,
    ),
  )

/** Package over pattern over repository over ecosystem over default; this is the part without packages. */
function generalCooldown(policy: Policy, judged: Judged): { readonly cooldown: number; readonly rule: string } {
  const { repositories, ecosystems } = policy.cooldown
  const byRepo = repositories[judged.repo]
  if (byRepo !== undefined) return { cooldown: byRepo, rule: `cooldown.repositories.${judged.repo}` }
  const byEcosystem = ecosystems[judged.ecosystem]
  if (byEcosystem !== undefined) return { cooldown: byEcosystem, rule: `cooldown.ecosystems.${judged.ecosystem}` }
  return { cooldown: policy.cooldown.default, rule: 'cooldown.default' }
}

interface Clock {
  readonly time: number
  readonly by: string
}

/** Which clock tells the age; undefined when the subject belongs to the baseline and the baseline is allowed. */
function clockOf(subject: Subject, baseline: 'allow' | 'wait'): Clock | undefined {
  // a time that is no number cannot be read, and what cannot be read has not come yet
  if (subject.published !== undefined)
    return { time: Number.isNaN(subject.published) ? NEVER : subject.published, by: 'published' }
  if (subject.modified !== undefined) return { time: subject.modified, by: 'last modified' }
  if (subject.seen === undefined) return { time: NEVER, by: 'not yet seen' }
  if (subject.seen.baseline && baseline === 'allow') return undefined
  return { time: subject.seen.first, by: 'first seen here' }
}

const NEVER = Number.MAX_SAFE_INTEGER
/** The largest time a Date can hold; anything later is "never". */
const LAST_DATE = 8_640_000_000_000_000
const dateText = (time: number): string => (time > LAST_DATE ? 'no readable date on' : new Date(time).toISOString())
const dated = (clock: Clock): string =>
  clock.time > LAST_DATE ? `its ${clock.by} time cannot be read` : `${clock.by} ${dateText(clock.time)}`

/** The subject that an entry is. */
export const subjectOf = (entry: Partial<Entry>, seen?: Seen, modified?: number): Subject => ({
  name: entry.name,
  version: entry.version,
  digests: entry.digests,
  published: entry.published,
  modified,
  seen,
})
