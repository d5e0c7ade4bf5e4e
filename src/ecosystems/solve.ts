// Finds one candidate of each package that is needed, so that every requirement is met: the newest, and older ones where
// newer ones do not go together. It learns from each conflict which choices can never stand together, goes back to the
// choice that led to it, and can say at the end which requirements leave no solution. The method is PubGrub's
// (https://github.com/dart-lang/pub/blob/master/doc/solver.md), over sets of candidates instead of ranges: a set is a
// number with a bit for each candidate, and one more bit for "not there at all".

import { setImmediate as turn } from 'node:timers/promises'
import { together } from './together.ts'

/** That one of some candidates of a package is needed. */
export interface Need {
  readonly name: string
  /** Which candidates will do: bit n for the nth. */
  readonly among: bigint
  /** The requirement, for people. */
  readonly words: string
}

/** What packages there are. Both are asked often and answer the same each time. */
export interface Supply<C> {
  /** Best first; empty where there is no such package. */
  candidates(name: string): Promise<readonly C[]>
  /** What a candidate needs beside itself; a text, why it can never be chosen. */
  needs(name: string, candidate: C): Promise<readonly Need[] | string>
}

/** What stands in the way of every solution: that a candidate of a package has a need, or cannot be chosen. */
export interface Obstacle<C> {
  /** Undefined for what was asked for at first. */
  readonly by: { readonly name: string; readonly candidate: C } | undefined
  /** Of `by`; undefined where `reason` tells why it cannot be chosen itself. */
  readonly need?: Need
  readonly reason?: string
}

export type Solution<C> =
  | {
      readonly chosen: ReadonlyMap<string, C>
      /** Choices that were taken back on the way. */
      readonly conflicts: number
    }
  | {
      /** Empty when the search was given up. */
      readonly obstacles: readonly Obstacle<C>[]
    }

/** Choices, those taken back included: what takes more has no end that anybody would wait for. */
const mostChoices = 5000
/** After so many conflicts a package is chosen before others: what others pin closely had better stand first. */
const often = 5
/** Choices between two turns of the event loop. */
const atATime = 16

interface Package<C> {
  readonly name: string
  readonly candidates: readonly C[]
  /** A bit for each candidate, and the highest for none. */
  readonly everything: bigint
  readonly absent: bigint
  readonly rules: Rule<C>[]
  /** What was said of it, one after the other; the last is what is left. */
  readonly said: Said<C>[]
  /** Candidates whose needs are known. */
  readonly expanded: Set<number>
  chosen: boolean
  conflicts: number
}

/** These cannot all be: each package in its set. */
interface Rule<C> {
  readonly terms: ReadonlyMap<Package<C>, bigint>
  readonly why: Obstacle<C> | readonly [Rule<C>, Rule<C>]
}

interface Said<C> {
  readonly about: Package<C>
  /** What it says by itself. */
  readonly set: bigint
  /** What is left with all that was said before. */
  readonly left: bigint
  readonly level: number
  readonly at: number
  /** Undefined for a choice. */
  readonly rule: Rule<C> | undefined
}

const lowest = (set: bigint): number => (set & -set).toString(2).length - 1

/** The set of those that pass. */
export function among<C>(candidates: readonly C[], passes: (candidate: C) => boolean): bigint {
  let bits = ''
  for (const candidate of candidates) bits = `${passes(candidate) ? 1 : 0}${bits}`
  return bits === '' ? 0n : BigInt(`0b${bits}`)
}

export async function solve<C>(needs: readonly Need[], supply: Supply<C>): Promise<Solution<C>> {
  /** In the order in which they were met, which is that in which they are chosen. */
  const packages = new Map<string, Package<C>>()
  const trail: Said<C>[] = []
  const root = makePackage<C>('', [undefined as C])
  let level = 0
  let conflicts = 0

  function packageOf(name: string, candidates: readonly C[]): Package<C> {
    const known = packages.get(name)
    if (known !== undefined) return known
    const made = makePackage(name, candidates)
    packages.set(name, made)
    return made
  }

  const leftOf = ({ said, everything }: Package<C>): bigint => said.at(-1)?.left ?? everything

  function say(about: Package<C>, set: bigint, rule: Rule<C> | undefined): void {
    const said = { about, set, left: leftOf(about) & set, level, at: trail.length, rule }
    trail.push(said)
    about.said.push(said)
  }

  function goBack(to: number): void {
    while ((trail.at(-1)?.level ?? 0) > to) {
      const { about, rule } = trail.pop() as Said<C>
      about.said.pop()
      if (rule === undefined) about.chosen = false
    }
    level = to
  }

  function learn(rule: Rule<C>): void {
    for (const about of rule.terms.keys()) about.rules.push(rule)
  }

  /** What a candidate needs, as rules. */
  async function expand(from: Package<C>, index: number, needed: readonly Need[]): Promise<void> {
    const by = from === root ? undefined : { name: from.name, candidate: from.candidates[index] as C }
    const on = new Map<string, readonly C[]>()
    await together([...new Set(needed.map(({ name }) => name))], async (name) => {
      on.set(name, await supply.candidates(name))
    })
    for (const need of needed) {
      const to = packageOf(need.name, on.get(need.name) ?? [])
      learn(ruleOf([from, 1n << BigInt(index)], [to, to.everything & ~need.among], { by, need }))
    }
  }

  /** Draws what follows from what is known of these packages; the rule that leaves no solution, if one does. */
  function follow(first: Package<C>): Rule<C> | undefined {
    const changed = [first]
    for (let one = changed.pop(); one !== undefined; one = changed.pop()) {
      for (let at = one.rules.length - 1; at >= 0; at -= 1) {
        const rule = one.rules[at] as Rule<C>
        const open = openTerm(rule)
        if (open === 'none') continue
        if (open !== 'all') {
          say(open, open.everything & ~(rule.terms.get(open) ?? 0n), rule)
          if (!changed.includes(open)) changed.push(open)
          continue
        }
        conflicts += 1
        for (const about of rule.terms.keys()) about.conflicts += 1
        const cause = causeOf(rule)
        if (cause.final) return cause.rule
        goBack(cause.level)
        if (cause.rule !== rule) learn(cause.rule)
        const rest = openTerm(cause.rule) as Package<C>
        say(rest, rest.everything & ~(cause.rule.terms.get(rest) ?? 0n), cause.rule)
        changed.splice(0, changed.length, rest)
        break
      }
    }
    return undefined
  }

  /** The one package of a rule that is not settled yet: `all` when the rule is broken, `none` when nothing follows from it. */
  function openTerm({ terms }: Rule<C>): Package<C> | 'all' | 'none' {
    let open: Package<C> | undefined
    for (const [about, set] of terms) {
      const left = leftOf(about)
      if ((left & ~set) === 0n) continue
      if ((left & set) === 0n || open !== undefined) return 'none'
      open = about
    }
    return open ?? 'all'
  }

  /** Where a broken rule comes from: what is learnt of it, and the level at which that says something new. */
  function causeOf(broken: Rule<C>): { rule: Rule<C>; level: number; final: boolean } {
    let rule = broken
    for (;;) {
      const last = lastOf(rule)
      if (last === undefined || last.said.about === root) return { rule, level: 0, final: true }
      const { said, before } = last
      if (said.rule === undefined || before < said.level) return { rule, level: before, final: false }
      rule = joined(rule, said.rule, said.about)
    }
  }

  /** What broke a rule at last, and the level of what it took before that. */
  function lastOf({ terms }: Rule<C>): { readonly said: Said<C>; readonly before: number } | undefined {
    let last: Said<C> | undefined
    let before = 0
    for (const [about, set] of terms) {
      const said = about.said.find(({ left }) => (left & ~set) === 0n)
      if (said === undefined) continue
      if (last === undefined || said.at > last.at) {
        before = Math.max(before, last?.level ?? 0)
        last = said
      } else before = Math.max(before, said.level)
    }
    if (last === undefined) return undefined
    // it may have taken more than this one word about the package
    const { about, set: own } = last
    const rest = (terms.get(about) ?? 0n) | ~own
    if ((about.everything & ~rest) !== 0n)
      before = Math.max(before, about.said.find(({ left }) => (left & ~rest) === 0n)?.level ?? 0)
    return { said: last, before }
  }

  /** The package to choose next. */
  function nextOf(): Package<C> | undefined {
    let best: Package<C> | undefined
    let rank = 0
    for (const one of packages.values()) {
      const left = leftOf(one)
      if (one.chosen || (left & one.absent) !== 0n) continue
      const own = (left & (left - 1n)) === 0n ? 2 : one.conflicts >= often ? 1 : 0
      if (best !== undefined && own <= rank) continue
      best = one
      rank = own
    }
    return best
  }

  say(root, 1n, undefined)
  await expand(root, 0, needs)
  let changed: Package<C> = root
  for (let choices = 0; choices < mostChoices; choices += 1) {
    if (choices % atATime === atATime - 1) await turn()
    const final = follow(changed)
    if (final !== undefined) return { obstacles: obstaclesOf(final) }
    const next = nextOf()
    if (next === undefined) return { chosen: chosenOf(packages), conflicts }
    changed = next
    const index = lowest(leftOf(next))
    if (!next.expanded.has(index)) {
      next.expanded.add(index)
      const candidate = next.candidates[index] as C
      const needed = await supply.needs(next.name, candidate)
      if (typeof needed === 'string') {
        const by = { name: next.name, candidate }
        learn({ terms: new Map([[next, 1n << BigInt(index)]]), why: { by, reason: needed } })
        continue
      }
      await expand(next, index, needed)
    }
    level += 1
    next.chosen = true
    say(next, 1n << BigInt(index), undefined)
  }
  return { obstacles: [] }
}

function makePackage<C>(name: string, candidates: readonly C[]): Package<C> {
  const absent = 1n << BigInt(candidates.length)
  return {
    ...{ name, candidates, absent, everything: (absent << 1n) - 1n },
    ...{ rules: [], said: [], expanded: new Set<number>(), chosen: false, conflicts: 0 },
  }
}

/** Of two terms about one package both must be so; one that is always so needs no mention. */
function ruleOf<C>(
  [from, own]: readonly [Package<C>, bigint],
  [to, other]: readonly [Package<C>, bigint],
  why: Obstacle<C>,
): Rule<C> {
  const terms = new Map([[from, from === to ? own & other : own]])
  if (from !== to && other !== to.everything) terms.set(to, other)
  return { terms, why }
}

/** What two rules say together of everything but the package in which they meet. */
function joined<C>(one: Rule<C>, other: Rule<C>, about: Package<C>): Rule<C> {
  const terms = new Map(one.terms)
  for (const [each, set] of other.terms) {
    const known = terms.get(each)
    const both = known === undefined ? set : each === about ? known | set : known & set
    if (both === each.everything) terms.delete(each)
    else terms.set(each, both)
  }
  return { terms, why: [one, other] }
}

function chosenOf<C>(packages: ReadonlyMap<string, Package<C>>): ReadonlyMap<string, C> {
  const chosen = new Map<string, C>()
  for (const { name, said, candidates, chosen: is } of packages.values())
    if (is) chosen.set(name, candidates[lowest(said.at(-1)?.left ?? 0n)] as C)
  return chosen
}

function obstaclesOf<C>(final: Rule<C>): readonly Obstacle<C>[] {
  const found: Obstacle<C>[] = []
  const seen = new Set<Rule<C>>()
  const waiting = [final]
  for (let rule = waiting.pop(); rule !== undefined; rule = waiting.pop()) {
    if (seen.has(rule)) continue
    seen.add(rule)
    if ('by' in rule.why) found.push(rule.why)
    else waiting.push(rule.why[1], rule.why[0])
  }
  return found
}
