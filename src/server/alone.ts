// Repositories with a listener of their own: on it there is nothing else, at the place where clients look for it.

import type { Mirror, MountedRepo } from '../engine/mirror.ts'

export interface Alone {
  readonly name: string
  /** `HOST:PORT` each. */
  readonly listen: readonly string[]
  /** The same mirror with this repository alone. */
  readonly mirror: Mirror
}

/** Those that state an address of their own. */
export function alone(mirror: Mirror): readonly Alone[] {
  return [...mirror.repos].flatMap(([name, mounted]) => {
    const { listen = [] } = mounted.settings
    if (listen.length === 0) return []
    const mount = mounted.ecosystem.alone ?? ''
    const only: MountedRepo = { ...mounted, settings: { ...mounted.settings, mount } }
    return { name, listen, mirror: { ...mirror, repos: new Map([[name, only]]) } }
  })
}
