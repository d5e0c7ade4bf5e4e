// The older JSON interface (`/pypi/NAME/json`, `/pypi/NAME/VERSION/json`), made of the page and of the metadata of one
// release: so it shows what the page shows, also where upstream has no such interface. https://docs.pypi.org/api/json/

import type { Bytes, Show } from '../../contract.ts'
import { encodePath } from '../../formats/safe-path.ts'
import { pep440Versions } from '../../versions/pep440.ts'
import type { File } from './file.ts'
import { documentOrNone } from './held-or-not.ts'
import { type Metadata, metadataOfWheel, readMetadata } from './metadata.ts'
import { filePath, metadataPath, normalName, pagePath } from './names.ts'
import { pageOf, shownFiles } from './page.ts'
import { gathered } from './page-write.ts'

/** Of larger wheels the metadata is not taken out just to describe them. */
const largestWheel = 32 * 1024 * 1024

/** `version`: of one release; of the newest when left out. Undefined when nothing of it is shown. */
export async function showLegacy(show: Show, project: string, version?: string): Promise<Bytes | undefined> {
  const page = await pageOf(pagePath(project), project, show)
  if (page === undefined) return undefined
  const files = await shownFiles(page.doc, show, project, page.beside)
  const chosen = version === undefined ? newest(files) : files.find((one) => same(one.name.version, version))
  if (chosen === undefined) return undefined
  const release = files.filter((one) => same(one.name.version, chosen.name.version))
  const metadata = await metadataOf(release, project, show)
  return gathered(pieces({ project, files, release, show, whole: version === undefined, metadata }))
}

const same = (a: string, b: string): boolean => pep440Versions.compare(a, b) === 0

/** Of the newest version that is neither early nor yanked, where there is one. */
function newest(files: readonly File[]): File | undefined {
  const stable = (file: File): boolean => !pep440Versions.prerelease(file.name.version)
  return files.find((file) => stable(file) && file.yanked === undefined) ?? files.find(stable) ?? files[0]
}

async function metadataOf(release: readonly File[], project: string, show: Show): Promise<Metadata | undefined> {
  const [wheel] = release
    .filter(({ name }) => name.kind === 'wheel')
    .toSorted((a, b) => (a.size ?? 0) - (b.size ?? 0) || (a.file < b.file ? -1 : 1))
  if (wheel === undefined) return undefined
  const stated = await documentOrNone(show, metadataPath(project, wheel.file))
  if (stated !== undefined) return readMetadata(await stated.bytes(), stated.path)
  if (wheel.size === undefined || wheel.size > largestWheel) return undefined
  const doc = await documentOrNone(show, filePath(project, wheel.file))
  const bytes = doc === undefined ? undefined : await metadataOfWheel(doc, wheel.metadata?.sha256)
  return bytes === undefined ? undefined : readMetadata(bytes, wheel.file)
}

interface Shown {
  readonly project: string
  readonly files: readonly File[]
  readonly release: readonly File[]
  readonly show: Show
  /** With every release. */
  readonly whole: boolean
  readonly metadata: Metadata | undefined
}

async function* pieces({ project, files, release, show, whole, metadata }: Shown): AsyncGenerator<string> {
  const item = (file: File): string => JSON.stringify(itemOf(file, project, show.base))
  yield `{"info":${JSON.stringify(infoOf(project, release, metadata))}`
  if (whole) {
    yield ',"releases":{'
    let last: string | undefined
    for (const file of files) {
      const { version } = file.name
      if (last !== undefined && same(last, version)) yield `,${item(file)}`
      else yield `${last === undefined ? '' : '],'}${JSON.stringify(version)}:[${item(file)}`
      last = version
    }
    yield last === undefined ? '}' : ']}'
  }
  yield `,"urls":[${release.map(item).join(',')}],"vulnerabilities":[]}`
}

/** Fields of core metadata under the names that this interface gives them, with one value or several. */
const single = [
  ...['author', 'author-email', 'description-content-type', 'keywords', 'license', 'license-expression', 'maintainer'],
  ...['maintainer-email', 'requires-python', 'summary'],
]
const several: Readonly<Record<string, string>> = {
  'requires-dist': 'requires_dist',
  'provides-extra': 'provides_extra',
  'license-file': 'license_files',
  dynamic: 'dynamic',
}

function infoOf(project: string, release: readonly File[], metadata: Metadata | undefined) {
  const info: Record<string, unknown> = {}
  for (const name of single) info[name.replaceAll('-', '_')] = metadata?.fields.get(name)?.[0] ?? null
  for (const [name, key] of Object.entries(several)) info[key] = metadata?.fields.get(name) ?? null
  const stated = metadata?.fields.get('name')?.[0]
  const reason = release.find(({ yanked }) => yanked !== undefined && yanked !== '')?.yanked
  return {
    ...info,
    name: stated !== undefined && normalName(stated) === project ? stated : project,
    version: release[0]?.name.version,
    classifiers: metadata?.fields.get('classifier') ?? [],
    requires_python: info.requires_python ?? release[0]?.python ?? null,
    yanked: release.every(({ yanked }) => yanked !== undefined),
    yanked_reason: reason ?? null,
  }
}

function itemOf(file: File, project: string, base: string) {
  const { name, digests, size, uploaded, yanked, python } = file
  return {
    comment_text: '',
    digests,
    filename: file.file,
    has_sig: false,
    ...(digests.md5 === undefined ? {} : { md5_digest: digests.md5 }),
    packagetype: name.kind === 'wheel' ? 'bdist_wheel' : 'sdist',
    python_version: name.tags?.[0] ?? 'source',
    requires_python: python ?? null,
    size: size ?? null,
    upload_time: uploaded?.replace(/\.\d+Z$/, '') ?? null,
    upload_time_iso_8601: uploaded ?? null,
    url: `${base}${encodePath(filePath(project, file.file))}`,
    yanked: yanked !== undefined,
    yanked_reason: yanked === undefined || yanked === '' ? null : yanked,
  }
}
