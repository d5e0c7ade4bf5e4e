// An explanation in words, and as JSON.

import { blankSecrets } from '../telemetry/safe-text.ts'
import { bytesText } from '../telemetry/words.ts'
import type { Explanation } from './explanation.ts'
import { columns, jsonTime, pastText, timeText } from './print.ts'
import type { Link } from './proof-chain.ts'

type Row = readonly [label: string, text: string]

export function explanationLines(one: Explanation, now: number): readonly string[] {
  const { resource, name, version, dated, holders, held } = one
  const { mounted, route, path } = resource
  const date = dated === undefined ? '' : `, ${dated.clock} ${pastText(dated.time, now)}`
  const rows: Row[] = [
    ['repository', `${mounted.settings.name} (${mounted.ecosystem.title}), ${mounted.settings.upstreams.join(', ')}`],
    ['route', `${route.pattern} (${route.kind})`],
    ...(name === undefined ? [] : [['package', `${name}${version === undefined ? '' : ` ${version}`}${date}`] as Row]),
    ...stateRows(one, now),
    ...verdictRows(one),
    ...proofRows(one),
    ...holders.map((holder, at): Row => [at === 0 ? 'held by' : '', holder]),
    ...(held === undefined ? [] : [['asked for', hitsText(held.hits, held.used, now)] as Row]),
  ]
  return [`${mounted.settings.mount}${path}`, ...columns(rows, 2)]
}

function stateRows(
  { held, freshUntil, absent, madeAt, generations, resource, asks, needs, verdict }: Explanation,
  now: number,
): readonly Row[] {
  const { kind } = resource.route
  if (kind === 'live') return [['held', 'never: it is passed on to upstream each time'], ...askRows(asks)]
  if (kind === 'made')
    return [
      [
        'held',
        madeAt === undefined
          ? 'made here when it is asked for; nobody asked yet'
          : `made here ${pastText(madeAt, now)}`,
      ],
    ]
  if (held !== undefined) {
    const fresh =
      freshUntil === undefined
        ? ''
        : freshUntil === Number.POSITIVE_INFINITY
          ? '; fresh for ever'
          : `; fresh until ${timeText(freshUntil)}`
    return [
      ['held', `${bytesText(held.size)}, sha256 ${held.sha256}`],
      ['fetched', `${pastText(held.fetched, now)} from ${held.url}`],
      ['checked', `${pastText(held.checked, now)}${fresh}`],
      ...generations.map(
        ({ key, state, made }): Row => ['generation', `${key}: ${state}, made ${pastText(made, now)}`],
      ),
    ]
  }
  const missing =
    absent === undefined
      ? 'no'
      : `no: upstream answered ${absent.status} ${pastText(absent.asked, now)}, remembered until ${timeText(absent.until)}`
  const unnamed = verdict.allow && asks.length === 0 && absent === undefined
  return [
    ['held', unnamed ? 'no: no index that is held names it, so upstream would not be asked for it' : missing],
    ...generations.map(
      ({ key, state, made }): Row => ['generation', `${key}: ${state}, made ${pastText(made, now)}, has it`],
    ),
    ...needs.map(
      (path, at): Row => [
        at === 0 ? 'needs first' : '',
        `${resource.mounted.settings.mount}${path}, which vouches for it and is not held`,
      ],
    ),
    ...askRows(asks),
  ]
}

const askRows = (asks: readonly string[]): readonly Row[] =>
  asks.map((url, at): Row => [at === 0 ? 'would ask' : '', url])

function verdictRows({ verdict }: Explanation): readonly Row[] {
  if (verdict.allow) return [['policy', 'allowed']]
  const rows: readonly Row[] = [['policy', verdict.reason]]
  return verdict.until === undefined ? rows : [...rows, ['denied until', timeText(verdict.until)]]
}

function proofRows({ chain, held, resource }: Explanation): readonly Row[] {
  const { mount } = resource.mounted.settings
  const own = held === undefined || chain.links.length === 0 ? undefined : held.proven
  const texts = [
    ...(own === undefined ? [] : [own]),
    ...chain.links.map((link) => `← ${linkText(link, mount)}`),
    ...(chain.end === undefined ? [] : [`${chain.links.length === 0 ? '' : '← '}${chain.end}`]),
    ...chain.also.map((link) => `also ${linkText(link, mount)}`),
  ]
  return texts.map((text, at): Row => [at === 0 ? 'proof' : '', text])
}

function linkText({ by, kind, states }: Link, mount: string): string {
  const digests = Object.entries(states).map(([algorithm, digest]) => `${algorithm} ${digest.slice(0, 16)}…`)
  const place = kind === 'lockfile' ? `lockfile ${by}` : `${mount}${by}`
  return `${place} ${digests.length === 0 ? 'names it' : `states ${digests.join(', ')}`}`
}

const hitsText = (hits: number, used: number, now: number): string =>
  hits === 0 ? 'never since it is held' : `${hits} ${hits === 1 ? 'time' : 'times'}, last ${pastText(used, now)}`

export function explanationJson(one: Explanation): Readonly<Record<string, unknown>> {
  const {
    resource,
    name,
    version,
    dated,
    held,
    freshUntil,
    absent,
    generations,
    verdict,
    chain,
    holders,
    asks,
    needs,
    code,
  } = one
  const { mounted, route, path } = resource
  return {
    code,
    repository: mounted.settings.name,
    ecosystem: mounted.ecosystem.id,
    path: `${mounted.settings.mount}${path}`,
    route: route.pattern,
    kind: route.kind,
    name,
    version,
    dated: dated === undefined ? undefined : { clock: dated.clock, time: jsonTime(dated.time) },
    held: held === undefined ? undefined : heldJson(held, freshUntil),
    absent:
      absent === undefined
        ? undefined
        : { status: absent.status, asked: jsonTime(absent.asked), until: jsonTime(absent.until) },
    generations: generations.map(({ key, state, made, flipped }) => ({
      key,
      state,
      made: jsonTime(made),
      flipped: jsonTime(flipped),
    })),
    verdict: verdict.allow ? verdict : { ...verdict, until: jsonTime(verdict.until) },
    proof: chain,
    holders,
    asks: asks.map(blankSecrets),
    needs,
  }
}

function heldJson(held: NonNullable<Explanation['held']>, freshUntil: number | undefined) {
  const { sha256, size, type, url, fetched, checked, modified, proof, proven, hits, used } = held
  return {
    sha256,
    size,
    type,
    url: blankSecrets(url),
    fetched: jsonTime(fetched),
    checked: jsonTime(checked),
    modified: jsonTime(modified),
    freshUntil: freshUntil === Number.POSITIVE_INFINITY ? 'forever' : jsonTime(freshUntil),
    proof,
    proven,
    hits,
    used: used === 0 ? undefined : jsonTime(used),
  }
}
