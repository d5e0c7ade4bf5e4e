// package-lock.json and npm-shrinkwrap.json, lockfileVersion 1 to 3.
// https://docs.npmjs.com/cli/configuring-npm/package-lock-json

import type { Digests, Locked, LockFormat } from '../contract.ts'
import { parseSri } from '../formats/digest.ts'
import { isObject, type JsonObject } from '../formats/json-object.ts'
import { parseJsonObject, textField } from './json.ts'
import { npm, whereItFits } from './npm.ts'
import { lineFinder, lockFault, readText } from './text.ts'

// npm itself gives up long before; a tree that deep was made to hurt
const mostDepth = 200

export const packageLock: LockFormat = {
  id: 'package-lock',
  names: ['package-lock.json', 'npm-shrinkwrap.json'],
  sniff: (head) => /^\s*\{.*"lockfileVersion"\s*:\s*\d/s.test(new TextDecoder().decode(head)),
  async *read(input) {
    const text = await readText(input)
    const file = input.name
    const document = parseJsonObject(text, file)
    const version = document.lockfileVersion ?? 1
    const at: At = { file, find: lineFinder(text) }
    if (version !== 1 && version !== 2 && version !== 3) {
      throw lockFault(file, at.find('"lockfileVersion"'), `lockfileVersion ${JSON.stringify(version)} is not known`)
    }
    if (version !== 1) yield* fromPackages(document, at)
    else yield* fromDependencies(document, at)
  },
}

interface At {
  readonly file: string
  readonly find: (needle: string) => number | undefined
}

/** Versions 2 and 3: folder → package. */
function* fromPackages(document: JsonObject, at: At): Generator<Locked> {
  const packages = objectField(document, 'packages', at, undefined)
  if (packages === undefined) throw lockFault(at.file, 1, 'has no packages')
  const addresses = addressSpecs(packages)
  for (const folder of Object.keys(packages)) {
    if (folder === '') continue
    const line = at.find(`${JSON.stringify(folder)}:`)
    const item = objectField(packages, folder, at, line) ?? {}
    const field = (name: string): string | undefined => textField(item, name, at.file, line)
    const [version, resolved, integrity] = [field('version'), field('resolved'), field('integrity')]
    const installed = folder.lastIndexOf('node_modules/')
    const name = field('name') ?? (installed < 0 ? folder : folder.slice(installed + 'node_modules/'.length))
    // its bytes are in the tarball of the package that bundles it
    if (item.inBundle === true && resolved === undefined && integrity === undefined) continue
    yield locked({
      name,
      version,
      url: resolved,
      integrity,
      source: sourceOf({ link: item.link === true, installed: installed >= 0, resolved, addresses }),
      line,
      at,
    })
  }
}

/** Version 1: name → package, nested as installed. Walked without recursion, in the order of the text. */
function* fromDependencies(document: JsonObject, at: At): Generator<Locked> {
  const levels = [entriesOf(document, at, undefined)]
  while (levels.length > 0) {
    const step = levels.at(-1)?.next()
    if (step === undefined || step.done === true) {
      levels.pop()
      continue
    }
    const [key, item, line] = step.value
    if (item.bundled !== true) yield fromDependency(key, item, line, at)
    if (levels.length > mostDepth) throw lockFault(at.file, line, `is nested more than ${mostDepth} deep`)
    levels.push(entriesOf(item, at, line))
  }
}

function* entriesOf(
  parent: JsonObject,
  at: At,
  line: number | undefined,
): Generator<readonly [string, JsonObject, number | undefined]> {
  const dependencies = objectField(parent, 'dependencies', at, line)
  for (const key of Object.keys(dependencies ?? {})) {
    const found = at.find(`${JSON.stringify(key)}: {`)
    yield [key, objectField(dependencies ?? {}, key, at, found) ?? {}, found]
  }
}

function fromDependency(key: string, item: JsonObject, line: number | undefined, at: At): Locked {
  const field = (name: string): string | undefined => textField(item, name, at.file, line)
  const [spec, resolved, integrity] = [field('version'), field('resolved'), field('integrity')]
  const [, alias, aliased] = /^npm:(@?[^@]+)@(.+)$/.exec(spec ?? '') ?? []
  // a version that is none is the address that the package came from
  const isAddress = spec !== undefined && alias === undefined && /[:/]/.test(spec)
  const url = resolved ?? (isAddress ? spec : undefined)
  return locked({
    name: alias ?? key,
    version: aliased ?? (isAddress ? undefined : spec),
    url,
    integrity,
    source: isAddress ? addressSource(spec) : 'registry',
    line,
    at,
  })
}

interface Parts {
  readonly name: string
  readonly version: string | undefined
  readonly url: string | undefined
  readonly integrity: string | undefined
  readonly source: Locked['source']
  readonly line: number | undefined
  readonly at: At
}

function locked({ name, version, url, integrity, source, line, at }: Parts): Locked {
  // npm packs a git checkout by itself: that digest is of no file that a server has
  const counts = integrity !== undefined && source !== 'git'
  return {
    ecosystem: npm,
    name,
    ...(version !== undefined && { version }),
    ...(url !== undefined && { url }),
    digests: counts ? [{ of: 'file', digests: digestsOf(integrity, at.file, line) }] : [],
    source,
    options: whereItFits,
    ...(line !== undefined && { line }),
  }
}

function digestsOf(integrity: string, file: string, line: number | undefined): Digests {
  const digests = parseSri(integrity)
  if (Object.keys(digests).length > 0) return digests
  throw lockFault(file, line, `integrity ${JSON.stringify(integrity)} holds no digest of a known kind`)
}

interface Origin {
  readonly link: boolean
  readonly installed: boolean
  readonly resolved: string | undefined
  readonly addresses: ReadonlySet<string>
}

function sourceOf({ link, installed, resolved, addresses }: Origin): Locked['source'] {
  if (link) return 'link'
  if (!installed) return 'workspace'
  if (resolved === undefined) return 'registry'
  if (/^https?:/.test(resolved)) return addresses.has(withoutHash(resolved)) ? 'url' : 'registry'
  return addressSource(resolved)
}

function addressSource(address: string): Locked['source'] {
  if (/^https?:/.test(address)) return 'url'
  if (address.startsWith('file:')) return /\.(tgz|tar|tar\.gz)$/.test(address) ? 'file' : 'link'
  return 'git'
}

/** Addresses that packages depend on by themselves: what tells a tarball from somewhere from a registry's. */
function addressSpecs(packages: JsonObject): ReadonlySet<string> {
  const found = new Set<string>()
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
  for (const item of Object.values(packages)) {
    for (const specs of isObject(item) ? kinds.map((kind) => item[kind]) : []) {
      for (const spec of isObject(specs) ? Object.values(specs) : []) {
        if (typeof spec === 'string' && /^https?:/.test(spec)) found.add(withoutHash(spec))
      }
    }
  }
  return found
}

const withoutHash = (url: string): string => url.split('#', 1)[0] ?? url

function objectField(parent: JsonObject, name: string, at: At, line: number | undefined): JsonObject | undefined {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined
  if (value === undefined || isObject(value)) return value
  throw lockFault(at.file, line ?? at.find(`${JSON.stringify(name)}:`), `${JSON.stringify(name)} is not an object`)
}
