// How the address of a repository may be written: its upstreams, and what lockfiles call them.

import type { MountedRepo } from '../engine/mirror.ts'

/** Without a slash at the end. */
export const spellings = ({ settings, ecosystem }: MountedRepo): readonly string[] =>
  [...settings.upstreams, ...(ecosystem.repos.find((one) => one.name === settings.name)?.also ?? [])].map((one) =>
    one.replace(/\/+$/, ''),
  )
