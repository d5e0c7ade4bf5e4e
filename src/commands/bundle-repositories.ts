// The repositories of a bundle as this side knows them: what is configured here counts, and keys above all are never taken
// from a bundle but by the names of those that are shipped.

import { safeParse } from 'valibot'
import type { Repository, Settings } from '../config/types.ts'
import { ecosystems } from '../ecosystems/index.ts'
import { MirrorError } from '../errors.ts'
import type { CarriedRepository } from '../formats/bundle.ts'
import { shippedKeyrings } from '../trust/keyring.ts'
import { recordOf } from './workspace.ts'

/** A repository as a bundle carries it: what is recorded of it, without secrets. */
export function carriedOf(settings: Repository): CarriedRepository {
  const { upstreams, sources, mount, options, keyrings, builtin } = recordOf(settings)
  const copied = sources?.map((one) => ({
    ...{ name: one.name, upstreams: [...one.upstreams], only: [...one.only], not: [...one.not] },
  }))
  return {
    ...{ type: 'repository', name: settings.name, ecosystem: settings.ecosystem, upstreams: [...upstreams] },
    ...(copied === undefined ? {} : { sources: copied }),
    ...{ mount, options, keyrings: [...keyrings], builtin },
  }
}

/** Throws BUNDLE for what cannot be, CONFIG for what has to be said here first. */
export function repositoriesHere(
  carried: readonly CarriedRepository[],
  known: readonly Repository[],
  settings: Settings,
  place: string,
): readonly Repository[] {
  const all = new Map(known.map((one) => [one.name, one]))
  for (const one of carried) all.set(one.name, repositoryOf(one, all.get(one.name), settings, place))
  const mounts = new Map<string, string>()
  for (const { name, mount } of all.values()) {
    const other = mounts.get(mount)
    const isNew = carried.some((one) => one.name === name || one.name === other)
    if (other !== undefined && isNew)
      throw new MirrorError('CONFIG', `brings the repository ${name} at ${mount}, where ${other} is mounted`, {
        file: place,
        hint: 'Give one of them another `mount` in the configuration of this side.',
      })
    mounts.set(mount, name)
  }
  return [...all.values()]
}

function repositoryOf(
  carried: CarriedRepository,
  here: Repository | undefined,
  settings: Settings,
  place: string,
): Repository {
  const { name, upstreams, sources, mount } = carried
  const wrong = (why: string) => new MirrorError('BUNDLE', `the repository ${name} ${why}`, { file: place })
  const ecosystem = ecosystems.find(({ id }) => id === carried.ecosystem)
  if (ecosystem === undefined) throw wrong(`is of the ecosystem ${carried.ecosystem}, which this version does not know`)
  if (here !== undefined && here.ecosystem !== ecosystem.id)
    throw wrong(`is of the ecosystem ${ecosystem.id}, and here of ${here.ecosystem}`)
  if (here !== undefined && !here.builtin) return here
  for (const url of [...upstreams, ...(sources ?? []).flatMap((one) => one.upstreams)])
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw wrong(`has ${JSON.stringify(url)} as upstream`)
  const parsed = safeParse(ecosystem.options, carried.options ?? {})
  if (!parsed.success) throw wrong(`has options that cannot be: ${parsed.issues[0].message}`)
  const own = { upstreams, ...(sources === undefined ? {} : { sources }), options: parsed.output }
  if (here !== undefined) return { ...here, ...own }
  const shipped = shippedKeyrings()
  const foreign = carried.keyrings.find((keyring) => !shipped.includes(keyring))
  if (foreign !== undefined)
    throw new MirrorError(
      'CONFIG',
      `the repository ${name} is verified with the keyring ${foreign}, which is not shipped`,
      {
        file: place,
        hint: `Configure ${name} on this side, with a keyring of its own that came another way.`,
      },
    )
  const like = settings.repositories.find((one) => one.ecosystem === ecosystem.id) ?? settings.repositories[0]
  if (like === undefined) throw wrong('is like none that is known here')
  const { sources: _, hosts: __, ...rest } = like
  return {
    ...rest,
    ...own,
    name,
    ecosystem: ecosystem.id,
    mount,
    keyrings: carried.keyrings,
    credentials: [],
    allowHosts: [],
    policy: settings.policy,
    builtin: false,
  }
}
