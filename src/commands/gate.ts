// What a run is about to fetch, looked at as a whole before any file of it is: does it fit on the disk, and does it not
// make the selection grow more than is allowed?

import type { HeldSum } from '../catalog/catalog.ts'
import type { Mirror } from '../engine/mirror.ts'
import { noRoom } from '../engine/room.ts'
import type { Plan } from '../engine/walk.ts'
import { asMirrorError, MirrorError } from '../errors.ts'
import { bytesText, countText } from '../telemetry/words.ts'

export interface Gate {
  /** For each walk once; settles when all have told their plan. Rejects when it is refused. */
  plan(plan: Plan): Promise<void>
  readonly failure: MirrorError | undefined
}

export interface GateOptions {
  /** How many walks there are. */
  readonly walks: number
  readonly holder: string
  /** What the holder holds already, by repository. */
  readonly before: readonly HeldSum[]
  /** 0.2 is a fifth. */
  readonly maxGrowth: number
}

/** Of a file whose size nothing states, in a repository that holds none yet. */
const USUAL = 64 * 1024

export function openGate(mirror: Mirror, options: GateOptions): Gate {
  const plans: Plan[] = []
  const decided = Promise.withResolvers<void>()
  decided.promise.catch(() => undefined)
  let failure: MirrorError | undefined

  async function decide(): Promise<void> {
    try {
      mustGrowLittle(plans, options)
      await mustFit(mirror, plans)
      decided.resolve()
    } catch (error) {
      failure = asMirrorError(error)
      decided.reject(failure)
    }
  }

  return {
    get failure() {
      return failure
    },
    plan(plan) {
      plans.push(plan)
      if (plans.length === options.walks) void decide()
      return decided.promise
    },
  }
}

const sumOf = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)

async function mustFit(mirror: Mirror, plans: readonly Plan[]): Promise<void> {
  const items = sumOf(plans, (plan) => plan.items)
  if (items === 0) return
  const unsized = sumOf(plans, (plan) => plan.unsized)
  const stated = sumOf(plans, (plan) => plan.bytes)
  const guessed = sumOf(plans, ({ repo, unsized: count }) =>
    count === 0 ? 0 : count * (mirror.catalog.totals.usualSize(repo) ?? USUAL),
  )
  const left = await mirror.room.left()
  if (stated + guessed <= left.left) return
  const guess =
    unsized === 0 ? '' : `, of ${unsized} of them by guess, because nothing states their size: ${bytesText(guessed)}`
  throw noRoom(left, `${countText(items, 'file')} to fetch take ${bytesText(stated + guessed)}${guess}`)
}

/** A first run, and what was held by nobody until now, may grow as it likes. */
function mustGrowLittle(plans: readonly Plan[], { holder, before, maxGrowth }: GateOptions): void {
  const [files, bytes] = [sumOf(before, (one) => one.artifacts), sumOf(before, (one) => one.artifactBytes)]
  if (files === 0 || !Number.isFinite(maxGrowth)) return
  const [moreFiles, moreBytes] = [sumOf(plans, (plan) => plan.items), sumOf(plans, (plan) => plan.bytes)]
  const growth = Math.max(moreFiles / files, bytes === 0 ? 0 : moreBytes / bytes)
  if (growth <= maxGrowth) return
  const by = plans
    .filter(({ items }) => items > 0)
    .map(({ repo, items, bytes: size }) => `${repo} ${countText(items, 'file')} (${bytesText(size)})`)
  throw new MirrorError(
    'GROWTH',
    `what ${holder} holds beside indexes, ${countText(files, 'file')} (${bytesText(bytes)}), would grow by ${percentText(growth)}, and ${percentText(maxGrowth)} are allowed: ${by.join(', ')}`,
  )
}

const percentText = (share: number): string => `${Number((share * 100).toFixed(1))} %`
