// Registries that lockfiles name and nothing mirrors, as lines to add to a configuration.

import type { Missing } from './locked-line.ts'

/** None for no registry. */
export function repositoryLines(missing: readonly Missing[]): readonly string[] {
  const lines = missing.map(
    ({ ecosystem, address }) =>
      `  ${nameFor(address)}: { ecosystem: ${ecosystem}, upstream: ${JSON.stringify(address)} }`,
  )
  return lines.length === 0 ? [] : ['repositories:', ...lines]
}

const nameFor = (address: string): string => new URL(address).host.toLowerCase().replace(/[^a-z0-9]+/g, '-')
