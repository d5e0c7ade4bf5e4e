// What people write for a package: `express`, `@types/node@~24`, `x@latest`, `alias@npm:real@^1`.
// https://docs.npmjs.com/cli/using-npm/package-spec

import npa from 'npm-package-arg'
import type { Repo, Selector } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import { inScopes, packageName } from './names.ts'
import type { NpmOptions } from './options.ts'

/** A package of a registry, and which of its versions. */
export interface RegistrySpec {
  readonly name: string
  /** Version, range or tag; '' where none is said. */
  readonly range: string
}

/** Throws CONFIG for what is not a package of a registry, or not one of this repository's scopes. */
export function want(text: string, repo: Repo<NpmOptions>): Omit<Selector, 'from'> {
  const spec = registrySpec(() => npa(text))
  if (typeof spec === 'string') {
    throw new MirrorError('CONFIG', `"${text.slice(0, 200)}" ${spec.slice(0, 400)}`, {
      hint: 'Write NAME, NAME@RANGE or NAME@TAG, such as react@^19.',
    })
  }
  if (spec.name === '*') {
    throw new MirrorError('CONFIG', 'npm registries cannot be mirrored whole: they have no list of their packages', {
      hint: 'Name the packages, or take them from lockfiles.',
    })
  }
  if (!inScopes(spec.name, repo.options)) {
    throw new MirrorError('CONFIG', `"${text.slice(0, 200)}" is outside the scopes of repository ${repo.name}`, {
      hint: `The repository holds ${repo.options.scopes?.join(', ')}; name another repository for it.`,
    })
  }
  return spec.range === '' ? { name: spec.name } : spec
}

/** A dependency as a package.json names it; a text that says what it is instead when no registry can have it. */
export const dependencySpec = (name: string, spec: string): RegistrySpec | string =>
  registrySpec(() => npa.resolve(name, spec))

const notOfRegistry: Readonly<Record<string, string>> = {
  git: 'is a git address; a registry mirror cannot hold it',
  remote: 'is the address of a file; a registry mirror cannot hold it',
  file: 'is a local file; a registry mirror cannot hold it',
  directory: 'is a local folder; a registry mirror cannot hold it',
}

function registrySpec(parse: () => npa.Result): RegistrySpec | string {
  let parsed: npa.Result
  try {
    parsed = parse()
  } catch (error) {
    return `is no package spec: ${error instanceof Error ? error.message : String(error)}`
  }
  const spec = 'subSpec' in parsed && parsed.type === 'alias' ? (parsed as npa.AliasResult).subSpec : parsed
  const other = notOfRegistry[spec.type]
  if (other !== undefined) return other
  if (typeof spec.name !== 'string' || !packageName.test(spec.name)) return 'has no package name'
  return { name: spec.name, range: spec.rawSpec === '*' ? '' : spec.rawSpec.trim() }
}
