// Where things lie in a repository of gems: https://guides.rubygems.org/rubygems-org-compact-index-api/

import { joinVersion, splitVersion } from '../../versions/gem.ts'

/** Names as registries take them; the case of letters counts. */
export const gemName = /^(?!\.+$)[A-Za-z0-9._-]{1,200}$/
export const isGemName = (text: string): boolean => gemName.test(text)

export const infoPath = (name: string): string => `/info/${name}`
export const timesPath = (name: string): string => `/api/v1/versions/${name}.json`

/** The file of a version, which names its platform unless that is `ruby`. */
export const gemPath = (name: string, version: string): string => `/gems/${name}-${version}.gem`
/** Its specification alone, as Ruby's own objects. */
export const specPath = (name: string, version: string): string => `/quick/Marshal.4.8/${name}-${version}.gemspec.rz`

export const namesPath = '/names'

/** A gem of a certain name, and a version of it. */
export interface Named {
  readonly name: string
  readonly version: string
}

/**
 * What `NAME-NUMBER[-PLATFORM]` may mean: names and platforms hold dashes and digits, too, so that `a-1-x86-2` is version 1
 * for x86-2 or version 2 of a gem that is called `a-1-x86`. Mostly there is one meaning.
 */
export function readings(full: string): readonly Named[] {
  const found: Named[] = []
  for (const { index } of full.matchAll(/-(?=[0-9])/g)) {
    const [name, version] = [full.slice(0, index), full.slice(index + 1)]
    const split = splitVersion(version)
    if (isGemName(name) && split !== undefined && joinVersion(split) === version) found.push({ name, version })
  }
  return found
}
