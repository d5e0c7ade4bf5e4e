// `pkgmirror export --check URL`: proves by its MANIFEST that a web server serves a tree as clients need it, and says what to
// change where it does not. Nothing but the server is asked.

import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { asMirrorError, MirrorError } from '../errors.ts'
import { type ManifestEntry, readManifest } from '../formats/tree-manifest.ts'
import { shownText } from '../telemetry/safe-text.ts'
import { countText } from '../telemetry/words.ts'
import { verifyMinisign } from '../trust/minisign.ts'
import { createProber, type Prober } from '../upstream/probe.ts'
import { advise } from './check-advice.ts'
import { checkFile, type Problem, type ProblemKind, problems } from './check-file.ts'
import { type Context, printJson, say } from './context.ts'
import { anchors, ownKeys } from './key-files.ts'
import { shareOf } from './share.ts'

/** Files under way at once. */
const AT_ONCE = 8
const MOST_SHOWN = 50
/** Of each folder at the top and ending of names so many are always looked at. */
const OF_EACH = 3
/** A signature of minisign has four lines. */
const LARGEST_SIGNATURE = 16 * 1024
const failed = 3
const integrity = 4

interface Checked {
  files: number
  checked: number
  bytes: number
  readonly found: Map<ProblemKind, number>
}

/** Returns the exit code. Throws USAGE for a bad address or share, UNREADABLE where there is no MANIFEST, UNREACHABLE. */
export async function exportCheck(context: Context, address: string, sample: string | undefined): Promise<number> {
  const share = sample === undefined ? 1 : shareOf(sample)
  const url = addressOf(address)
  const stopping = new AbortController()
  const prober = await createProber(AT_ONCE, AbortSignal.any([context.signal, stopping.signal]))
  const folder = await mkdtemp(path.join(tmpdir(), 'pkgmirror-check-'))
  try {
    // read at leisure, and no server waits that long
    const file = path.join(folder, 'MANIFEST')
    const server = await saveManifest(prober, url, file)
    const signature = await signatureOf(prober, url, context, file)
    const { base, entries } = await readManifest(createReadStream(file), `${url}/MANIFEST`)
    const sum: Checked = { files: 0, checked: 0, bytes: 0, found: new Map() }
    await each(chosen(entries, share, sum), async (entry) => {
      for await (const problem of checkFile({ prober, url }, entry)) tell(context, sum, problem)
      sum.checked += 1
      sum.bytes += entry.size
    })
    return show(context, { url, base, server, signature, sum })
  } finally {
    stopping.abort()
    await prober.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '')
    return url.href.replace(/\/+$/, '')
  throw new MirrorError('USAGE', `--check ${text} is no address of a web server`, {
    hint: 'Write it as `--check https://mirror.example.org`.',
  })
}

/** Returns what the server calls itself. */
async function saveManifest(prober: Prober, url: string, file: string): Promise<string> {
  const answer = await prober.ask('GET', `${url}/MANIFEST`, { 'accept-encoding': 'identity' })
  if (answer.status === 200) {
    await pipeline(answer.body, createWriteStream(file))
    return answer.headers.server ?? ''
  }
  answer.discard()
  throw new MirrorError('UNREADABLE', `${url}/MANIFEST is answered with ${answer.status}`, {
    hint: 'The address must be that of an exported tree, whose MANIFEST lies at its top.',
  })
}

interface Signature {
  readonly state: 'good' | 'unknown' | 'none'
  readonly key?: string
}

/** Throws BAD_SIGNATURE for one that does not fit. A key is known when it is our own or `keys trust` was told of it. */
async function signatureOf(prober: Prober, url: string, { settings }: Context, file: string): Promise<Signature> {
  const answer = await prober.ask('GET', `${url}/MANIFEST.minisig`, { 'accept-encoding': 'identity' })
  if (answer.status !== 200) {
    answer.discard()
    return { state: 'none' }
  }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of answer.body) {
    size += piece.length
    if (size > LARGEST_SIGNATURE) throw new MirrorError('BAD_FRAMING', 'MANIFEST.minisig is too long to be a signature')
    parts.push(piece)
  }
  const { data } = settings
  const known = [
    ...(await anchors(data)).map(({ bytes }) => bytes),
    ...(await ownKeys(data)).map(({ secret }) => Buffer.from(secret.publicFile)),
  ]
  try {
    const { size: length } = await stat(file)
    const { key } = await verifyMinisign(Buffer.concat(parts), known, length, () => createReadStream(file))
    return { state: 'good', key }
  } catch (error) {
    if (asMirrorError(error).code === 'UNKNOWN_KEY') return { state: 'unknown' }
    throw error
  }
}

/** Is it of the sample? Of what lies in one folder at the top with one ending the first ones always are. */
async function* chosen(
  entries: AsyncIterable<ManifestEntry>,
  share: number,
  sum: Checked,
): AsyncGenerator<ManifestEntry> {
  const kinds = new Map<string, number>()
  for await (const entry of entries) {
    sum.files += 1
    // the export's own folder is for those who run the server, and many hide it
    if (entry.path.startsWith('.pkgmirror/')) continue
    const kind = `${entry.path.split('/')[0]} ${/\.[a-z0-9]{1,8}$/.exec(entry.path)?.[0] ?? ''}`
    const seen = kinds.get(kind) ?? 0
    kinds.set(kind, seen + 1)
    const place = createHash('sha256').update(entry.path).digest().readUInt32BE() / 2 ** 32
    if (share === 1 || seen < OF_EACH || place < share) yield entry
  }
}

/** Bounded: as many at once as there are connections. */
async function each<T>(items: AsyncGenerator<T>, work: (item: T) => Promise<void>): Promise<void> {
  const lane = async (): Promise<void> => {
    for await (const item of shared) await work(item)
  }
  // a generator answers one call after the other; a lane that ends must not end it for the others
  const shared: AsyncIterable<T> = { [Symbol.asyncIterator]: () => ({ next: () => items.next() }) }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

function tell(context: Context, sum: Checked, problem: Problem): void {
  const { path, what, expected, found } = problem
  const level = problems[what]
  const seen = sum.found.get(what) ?? 0
  sum.found.set(what, seen + 1)
  if (context.json) {
    printJson('problem', { level, path, what, expected, found })
    return
  }
  // notes are of a kind, and one tells all
  if (seen >= (level === 'note' ? 1 : MOST_SHOWN)) return
  const text = `${level}: ${shownText(path)}: ${what}: expected ${shownText(expected)}, found ${shownText(found)}\n`
  if (level === 'error') process.stderr.write(text)
  else say(context, text.trimEnd())
}

interface Shown {
  readonly url: string
  readonly base: string
  readonly server: string
  readonly signature: Signature
  readonly sum: Checked
}

function show(context: Context, { url, base, server, signature, sum }: Shown): number {
  const errors = [...sum.found].filter(([what]) => problems[what] === 'error')
  const code = sum.found.has('bytes') ? integrity : errors.length > 0 ? failed : 0
  const advised = advise(sum.found.keys(), server)
  if (context.json) {
    const counts = { files: sum.files, checked: sum.checked, bytes: sum.bytes, problems: Object.fromEntries(sum.found) }
    printJson('summary', { code, url, baseUrl: base, server, signature, ...counts, advice: advised })
    return code
  }
  if (base !== url) say(context, `The tree was made for ${base}: documents that name addresses lead there.`)
  for (const { what, text } of advised) say(context, `${what} (${sum.found.get(what)}): ${text}`)
  const by = server === '' ? 'The server' : server
  const signs = { good: `signed by ${signature.key}`, unknown: 'signed by a key not known here', none: 'not signed' }
  say(
    context,
    `${by}: ${countText(sum.checked, 'file')} of ${sum.files} looked at; MANIFEST ${signs[signature.state]}.`,
  )
  say(context, code === 0 ? 'Clients are served as they need it.' : 'Clients will fail on what is named above.')
  return code
}
