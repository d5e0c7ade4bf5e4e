// A small Cargo registry on loopback: sparse index lines and crate files of tiny sources, with a renamed dependency, features,
// a build dependency, one for another platform, a yanked version and build metadata.

import { createHash } from 'node:crypto'
import { file, startUpstream, text, type Upstream } from '../fakes/upstream.ts'
import { tarball } from './tarball.ts'

export interface CargoReplica {
  readonly upstream: Upstream
  /** Paths of the crate files. */
  readonly crates: readonly string[]
}

/** How the registry names its crate files: by markers in `dl`, or as Cargo does when there are none. */
export type Kind = 'with markers' | 'without markers'

interface Dependency {
  readonly name: string
  readonly req: string
  readonly package?: string
  readonly features?: readonly string[]
  readonly optional?: boolean
  readonly target?: string
  readonly kind?: 'normal' | 'build' | 'dev'
}

interface Crate {
  readonly name: string
  readonly version: string
  readonly deps?: readonly Dependency[]
  readonly features?: Readonly<Record<string, readonly string[]>>
  readonly features2?: Readonly<Record<string, readonly string[]>>
  readonly yanked?: boolean
  readonly source: string
  readonly build?: string
}

const says = (expression: string): string => `pub fn says() -> String { ${expression} }\n`
const quote = (words: string): string => says(`"${words}".to_string()`)

const crates: readonly Crate[] = [
  {
    name: 'orchard',
    version: '1.2.0',
    deps: [
      { name: 'apple', req: '^1', features: ['red'] },
      { name: 'stone', package: 'Stone_Fruit', req: '0.3' },
      { name: 'ladder-windows', req: '1', target: 'cfg(windows)' },
      { name: 'rake', req: '1', kind: 'build' },
      { name: 'never-published', req: '1', kind: 'dev' },
    ],
    source: says('format!("orchard > {} and {}, {}", apple::says(), stone::says(), env!("RAKED"))'),
    build: 'fn main() { println!("cargo:rustc-env=RAKED={}", rake::says()); }\n',
  },
  { name: 'orchard', version: '1.3.0', yanked: true, source: quote('a yanked orchard') },
  { name: 'orchard', version: '2.0.0-rc.1', source: quote('an orchard to come') },
  {
    name: 'apple',
    version: '1.0.4+peeled',
    deps: [{ name: 'pip', req: '1', optional: true }],
    features: { default: [] },
    features2: { red: ['dep:pip'] },
    source: '#[cfg(feature = "red")]\npub fn says() -> String { format!("red apple > {}", pip::says()) }\n',
  },
  { name: 'Stone_Fruit', version: '0.3.1', source: quote('stone fruit') },
  { name: 'pip', version: '1.0.0', source: quote('pip') },
  { name: 'rake', version: '1.0.0', source: quote('raked') },
  { name: 'ladder-windows', version: '1.0.0', source: quote('ladder') },
]

/** What a project writes under `[dependencies]`, its program, and what that prints. */
export const dependencies = 'orchard = "1"\n'
export const program = 'fn main() { println!("{}", orchard::says()); }\n'
export const printed = 'orchard > red apple > pip and stone fruit, raked\n'

export async function startCargoReplica(kind: Kind): Promise<CargoReplica> {
  const upstream = await startUpstream()
  const marked = kind === 'with markers'
  const dl = marked ? '/files/{lowerprefix}/{crate}/{version}/{sha256-checksum}.crate' : '/api/v1/crates'
  upstream.set('/config.json', text(JSON.stringify({ dl: upstream.url + dl, api: upstream.url })))
  const lines = new Map<string, string[]>()
  const paths: string[] = []
  for (const crate of crates) {
    const bytes = await tarball(`${crate.name}-${crate.version}/`, filesOf(crate))
    const cksum = createHash('sha256').update(bytes).digest('hex')
    const prefix = prefixOf(crate.name.toLowerCase())
    const path = marked
      ? `/files/${prefix}/${crate.name}/${crate.version}/${cksum}.crate`
      : `/api/v1/crates/${crate.name}/${crate.version}/download`
    paths.push(path)
    upstream.set(path, file(bytes, { type: 'application/gzip' }))
    const index = `/${prefix}/${crate.name.toLowerCase()}`
    lines.set(index, [...(lines.get(index) ?? []), lineOf(crate, cksum)])
  }
  for (const [path, all] of lines) upstream.set(path, text(`${all.join('\n')}\n`, marked ? { etag: true } : {}))
  return { upstream, crates: paths }
}

function prefixOf(name: string): string {
  if (name.length < 3) return String(name.length)
  return name.length === 3 ? `3/${name.slice(0, 1)}` : `${name.slice(0, 2)}/${name.slice(2, 4)}`
}

function lineOf({ name, version, deps = [], features = {}, features2, yanked = false }: Crate, cksum: string): string {
  const described = deps.map((dep) => ({
    ...{ features: [], optional: false, default_features: true, target: null, kind: 'normal' },
    ...dep,
  }))
  return JSON.stringify({
    ...{ name, vers: version, deps: described, cksum, features },
    ...(features2 === undefined ? {} : { features2, v: 2 }),
    ...{ yanked, pubtime: '2024-05-05T05:05:05Z' },
  })
}

function filesOf({ name, version, deps = [], features = {}, features2 = {}, source, build }: Crate) {
  const sections = deps.map(
    ({ name: key, req, package: real, features: chosen = [], optional = false, target, kind }) => {
      const at = target === undefined ? '' : `target.'${target}'.`
      const table = { normal: 'dependencies', build: 'build-dependencies', dev: 'dev-dependencies' }[kind ?? 'normal']
      const renamed = real === undefined ? '' : `package = "${real}"\n`
      return `[${at}${table}.${key}]\nversion = "${req}"\n${renamed}optional = ${optional}\nfeatures = ${JSON.stringify(chosen)}\n`
    },
  )
  const listed = Object.entries({ ...features, ...features2 }).map(([key, on]) => `${key} = ${JSON.stringify(on)}\n`)
  return {
    'Cargo.toml': [
      `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\n`,
      ...(build === undefined ? [] : ['build = "build.rs"\n']),
      ...sections,
      `[features]\n${listed.join('')}`,
    ].join('\n'),
    'src/lib.rs': source,
    ...(build === undefined ? {} : { 'build.rs': build }),
  }
}
