// A small Python index on loopback: wheels of tiny modules with an extra, a dependency for another platform, yanked and early
// releases, one project that has only a source, and the backend that builds it. Pages in JSON with everything, or in HTML alone.

import {
  detailJson,
  htmlPage,
  jsonPage,
  type Listed,
  type Made,
  sdist,
  sha256,
  wheel,
} from '../ecosystems/pypi/builders.ts'
import { file, startUpstream, text, type Upstream } from '../fakes/upstream.ts'

export interface PypiReplica {
  readonly upstream: Upstream
  /** Paths of the packages. */
  readonly packages: readonly string[]
}

/** What the index answers with: pages in JSON and metadata files; or pages in HTML, the older interface and no metadata. */
export type Kind = 'full' | 'plain'

/** What a project requires, what it runs, and what that prints. */
export const requirements = ['orchard[juice]>=1', 'stone-fruit']
export const program = 'import orchard, stone_fruit; print(orchard.says(), stone_fruit.says())'
export const printed = 'orchard 1.2.0 with apple 2.1 and press stone fruit'

/** A backend of PEP 517 in one module, since a build must need nothing that an offline mirror might lack. */
const backend = `
import os, zipfile
def get_requires_for_build_wheel(config_settings=None): return []
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = 'stone_fruit-0.3.0-py3-none-any.whl'
    info = 'stone_fruit-0.3.0.dist-info'
    with zipfile.ZipFile(os.path.join(wheel_directory, name), 'w') as wheel:
        wheel.write('stone_fruit.py', 'stone_fruit.py')
        wheel.writestr(info + '/METADATA', 'Metadata-Version: 2.1\\nName: stone-fruit\\nVersion: 0.3.0\\n')
        wheel.writestr(info + '/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
        wheel.writestr(info + '/RECORD', 'stone_fruit.py,,\\n%s/METADATA,,\\n%s/WHEEL,,\\n%s/RECORD,,\\n' % (info, info, info))
    return name
`

interface Published {
  readonly version: string
  readonly made: Made
  readonly python?: string
  readonly yanked?: string
}

async function projects(): Promise<Readonly<Record<string, readonly Published[]>>> {
  const module = (name: string, version: string, says: string, described = {}): Made =>
    wheel(name, version, { files: { [`${name}.py`]: `def says(): return ${says}\n` }, ...described })
  const orchard = {
    requires: ['apple<3,>=2', 'press; extra == "juice"', 'ladder; sys_platform == "win32"'],
    extras: ['juice'],
    python: '>=3.7',
  }
  const says = (version: string): string =>
    `'orchard ${version} with ' + __import__('apple').says() + ' and ' + __import__('press').says()`
  const source = {
    'pyproject.toml': '[build-system]\nrequires = ["tiny-backend"]\nbuild-backend = "tiny_backend"\n',
    'stone_fruit.py': "def says(): return 'stone fruit'\n",
  }
  const published = (version: string, made: Made, more: Partial<Published> = {}): Published => ({
    version,
    made,
    ...more,
  })
  return {
    orchard: [
      published('1.0.0', module('orchard', '1.0.0', "'an old orchard'", orchard), { python: '>=3.7' }),
      published('1.2.0', module('orchard', '1.2.0', says('1.2.0'), orchard), { python: '>=3.7' }),
      published('1.3.0', module('orchard', '1.3.0', "'a yanked orchard'", orchard), { yanked: 'rotten' }),
      published(
        '1.4.0',
        module('orchard', '1.4.0', "'an orchard for a Python to come'", { ...orchard, python: '>=9' }),
        { python: '>=9' },
      ),
      published('2.0.0rc1', module('orchard', '2.0.0rc1', "'an orchard to come'", orchard)),
    ],
    apple: [
      published('2.1', module('apple', '2.1', "'apple 2.1'")),
      published('3.0', module('apple', '3.0', "'apple 3.0'")),
    ],
    press: [published('1.0+steel.2', module('press', '1.0+steel.2', "'press'"))],
    // poetry and uv resolve for every platform at once
    ladder: [published('1.0', module('ladder', '1.0', "'ladder'"))],
    'stone-fruit': [published('0.3.0', await sdist('stone-fruit', '0.3.0', source))],
    'tiny-backend': [published('1.0', wheel('tiny-backend', '1.0', { files: { 'tiny_backend.py': backend } }))],
  }
}

export async function startPypiReplica(kind: Kind): Promise<PypiReplica> {
  const upstream = await startUpstream()
  const packages: string[] = []
  const names = await projects()
  for (const [name, releases] of Object.entries(names)) {
    const listed = releases.map(({ version, made, python, yanked }): Listed & { readonly version: string } => {
      const path = `/packages/${sha256(made.bytes).slice(0, 2)}/${made.file}`
      packages.push(path)
      upstream.set(encodeURI(path), file(made.bytes))
      const full = kind === 'full' && made.metadata !== undefined
      if (full) upstream.set(`${path}.metadata`, file(Buffer.from(made.metadata ?? '')))
      return {
        version,
        file: made.file,
        url: `${upstream.url}${path}`,
        hashes: { sha256: sha256(made.bytes) },
        size: made.bytes.length,
        time: '2025-05-05T05:05:05.505050Z',
        ...(full ? { metadata: { sha256: sha256(made.metadata ?? '') } } : {}),
        ...(python === undefined ? {} : { python }),
        ...(yanked === undefined ? {} : { yanked }),
      }
    })
    if (kind === 'full') {
      upstream.set(
        `/simple/${name}/`,
        text(jsonPage(name, listed), { type: 'application/vnd.pypi.simple.v1+json', etag: true }),
      )
    } else {
      const bare = listed.map(({ size: _, time: __, ...rest }) => rest)
      upstream.set(`/simple/${name}/`, text(htmlPage(name, bare), { type: 'text/html' }))
      upstream.set(`/pypi/${name}/json`, text(detailJson(name, listed), { type: 'application/json' }))
    }
  }
  return { upstream, packages }
}
