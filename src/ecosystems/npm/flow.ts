// A packument shown while it arrives, version by version, where nothing is hidden. shown.ts makes the same bytes out of the
// whole document; whatever is not as nearly every document has it is left to that.

import type { Doc, Show } from '../../contract.ts'
import { MirrorError } from '../../errors.ts'
import type { JsonObject } from '../../formats/json-object.ts'
import { type Found, jsonValues } from '../../formats/json-stream.ts'
import { tarballPath } from './names.ts'
import { placeAlone, readVersion } from './packument.ts'
import {
  abbreviatedRest,
  abbreviatedType,
  addressSites,
  installManifest,
  neverShown,
  type Placed,
  tagsAmong,
  timesAmong,
  withoutMarkup,
} from './shown.ts'
import { type Edit, editsOf, spliced } from './splice.ts'

/** A version has kilobytes. JSON of so many bytes is parsed in a few milliseconds, for which others can wait. */
const largest = 2 * 1024 * 1024
/** Versions of a document; those of the largest are some ten thousands. */
const mostVersions = 200_000

/** The beginning of what `showPackument` makes. Throws where it cannot go on. */
export const flowPackument = (doc: Doc, show: Show, name: string): AsyncIterable<Uint8Array> =>
  show.type === abbreviatedType ? abbreviated(doc, show, name) : full(doc, show, name)

interface Version extends Placed {
  readonly found: Found
}

/** What is known of a document beside its versions, filled while it is read. */
interface Known {
  readonly members: Record<string, unknown>
  readonly listed: Set<string>
  readonly shown: Set<string>
}

const places = [['versions', '*'], ...['name', 'dist-tags', 'time', 'modified', ...neverShown].map((key) => [key])]

/** The versions that are shown, in groups. */
async function* versions(doc: Doc, name: string, known: Known): AsyncGenerator<readonly Version[]> {
  for await (const group of jsonValues(doc.stream(), places, doc, largest)) {
    const read: Version[] = []
    for (const found of group) {
      const [key = '', version] = found.path
      if (version !== undefined) read.push(...versionOf(found, version, name, known))
      else if (Object.hasOwn(known.members, key)) throw odd(doc)
      else known.members[key] = found.value
    }
    if (read.length > 0 && known.members.name !== name) throw odd(doc)
    yield read
  }
  if (known.shown.size === 0) throw odd(doc)
}

function versionOf(found: Found, version: string, name: string, { listed, shown }: Known): readonly Version[] {
  if (listed.has(version) || listed.size >= mostVersions) throw odd({ path: name })
  listed.add(version)
  const item = readVersion(name, version, found.value)
  if (item === undefined) return []
  const file = placeAlone(name, item)
  if (file === undefined) throw odd({ path: name })
  if (file === '') return []
  shown.add(version)
  return [{ item, entry: { path: tarballPath(name, file) }, found }]
}

const odd = ({ path }: Pick<Doc, 'path'>): MirrorError =>
  new MirrorError('UNREADABLE', `${path} can only be shown when it is whole`, { path })

const nothingKnown = (): Known => ({ members: {}, listed: new Set(), shown: new Set() })

async function* abbreviated(doc: Doc, { base }: Show, name: string): AsyncGenerator<Uint8Array> {
  const known = nothingKnown()
  let text = `{"name":${JSON.stringify(name)},"versions":{`
  let separator = ''
  for await (const group of versions(doc, name, known)) {
    for (const one of group) {
      text += `${separator}${JSON.stringify(one.item.version)}:${JSON.stringify(installManifest(one, name, base))}`
      separator = ','
    }
    if (group.length > 0) yield Buffer.from(withoutMarkup(text))
    if (group.length > 0) text = ''
  }
  const { members, listed, shown } = known
  const { tags, latest } = tagsAmong(members['dist-tags'], shown)
  if (!latest) throw odd(doc)
  const rest: JsonObject = abbreviatedRest(members, timesAmong(members.time, listed, shown), tags)
  yield Buffer.from(withoutMarkup(`},${JSON.stringify(rest).slice(1)}`))
}

/** Whether all of it can stay as it is shows only at its end: until then it is found out where addresses are to be changed. */
async function* full(doc: Doc, { base }: Show, name: string): AsyncGenerator<Uint8Array> {
  const known = nothingKnown()
  const edits: Edit[] = []
  for await (const group of versions(doc, name, known)) {
    for (const one of group) {
      const sites = addressSites(name, [one], base)
      const found = sites && editsOf(one.found.bytes, sites)
      if (found === undefined) throw odd(doc)
      const { start } = one.found
      for (const edit of found) edits.push({ ...edit, start: edit.start + start, end: edit.end + start })
    }
  }
  const { members, listed, shown } = known
  const { unchanged, latest } = tagsAmong(members['dist-tags'], shown)
  const whole = unchanged && latest && shown.size === listed.size
  if (!whole || neverShown.some((key) => Object.hasOwn(members, key))) throw odd(doc)
  yield* spliced(doc.stream(), edits)
}
