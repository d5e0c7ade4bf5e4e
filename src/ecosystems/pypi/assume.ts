// An environment for a marker that nobody can decide, because a platform leaves something open: one in which it is true.

import { type Environment, evaluate, type Marker } from '../../formats/pep508.ts'
import { pep440Versions } from '../../versions/pep440.ts'

/** Values of one variable; markers of people compare it with one or two. */
const mostValues = 24
/** Comparisons in all: what takes more is no marker of people's, and would take its time. */
const mostWork = 20_000

/** The environment with values for what it leaves open; undefined where the marker is true nowhere. */
export function assume(marker: Marker, environment: Environment): Environment | undefined {
  const values = new Map<string, Set<string>>()
  const mostTries = Math.ceil(mostWork / gather(marker, environment, values))
  let tries: readonly Environment[] = [{}]
  for (const [variable, own] of values) {
    const more = tries.flatMap((one) => [...own].slice(0, mostValues).map((value) => ({ ...one, [variable]: value })))
    tries = [...tries, ...more].slice(0, mostTries)
  }
  for (const one of tries) {
    const whole = { ...minorOf(one), ...one, ...environment }
    if (evaluate(marker, whole, pep440Versions) === 'yes') return whole
  }
  return undefined
}

function minorOf({ python_full_version: full }: Environment): Environment {
  const minor = /^\d+\.\d+/.exec(full ?? '')?.[0]
  return minor === undefined ? {} : { python_version: minor }
}

/** For each variable that is open what it is compared with, and what lies beside that; the count of comparisons. */
function gather(marker: Marker, environment: Environment, values: Map<string, Set<string>>): number {
  const inner = 'all' in marker ? marker.all : 'any' in marker ? marker.any : undefined
  if (inner !== undefined) return inner.reduce((count, one) => count + gather(one, environment, values), 0)
  if (!('left' in marker)) return 0
  const { left, right } = marker
  const variable = 'variable' in left ? left.variable : 'variable' in right ? right.variable : ''
  const text = 'text' in right ? right.text : 'text' in left ? left.text : undefined
  if (text === undefined || environment[variable] !== undefined) return 1
  const known = values.get(variable) ?? new Set()
  values.set(variable, known)
  const minor = variable === 'python_full_version' ? environment.python_version : undefined
  for (const part of minor === undefined ? text.split(/[\s,|]+/) : [`${minor}.0`, text, `${minor}.999`])
    for (const one of around(part)) known.add(one)
  return 1
}

function around(text: string): readonly string[] {
  const [, major, minor] = /^(\d{1,6})(?:\.(\d{1,6}))?/.exec(text) ?? []
  if (major === undefined) return [text, `not ${text}`]
  const [high, low] = [Number(major), Number(minor ?? 0)]
  return [text.replace(/\.\*$/, '.0'), `${high}.${low + 1}`, low > 0 ? `${high}.${low - 1}` : `${high - 1}.99`]
}
