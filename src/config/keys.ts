// Every key that has one value, declared once: its flag, its environment variable, its place in a file, its default and
// its words. The loader, the command line, `init --template`, the JSON schema and docs/configuration.md go by this table.

import { endless } from '../formats/duration.ts'
import type { Kind } from './kinds.ts'
import * as kind from './kinds.ts'

export interface Key<T> {
  readonly kind: Kind<T>
  /** As it would be written; none for a key that may stay unset. */
  readonly default: string | undefined
  /** A value to show where there is no default. */
  readonly example?: string
  readonly doc: string
}

const key = <T>(of: Kind<T>, standard: string, doc: string): Key<T> => ({ kind: of, default: standard, doc })
const free = <T>(of: Kind<T>, example: string, doc: string): Key<T | undefined> => ({
  kind: of,
  default: undefined,
  example,
  doc,
})

/** Taken by a repository too. */
export const networkKeys = {
  proxy: key(
    kind.proxy,
    'none',
    'Outbound proxy: an address, `env` to go by HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or `none`.',
  ),
  ca: free(kind.file, './ca.pem', 'File of certificate authorities to trust beside the usual ones.'),
  cert: free(kind.file, './client.pem', 'Client certificate (PEM file).'),
  key: free(kind.file, './client.key', 'Key of the client certificate (PEM file).'),
  'timeouts.connect': key(kind.limit, '10s', 'How long a connection may take.'),
  'timeouts.headers': key(kind.limit, '30s', 'How long an upstream may take to begin its answer.'),
  'timeouts.idle': key(kind.limit, '1m', 'How long an answer may pause.'),
  'concurrency.host': key(kind.whole(1, 256), '6', 'Requests to one host at once.'),
  'concurrency.total': key(kind.whole(1, 1024), '24', 'Requests in all at once.'),
  retries: key(kind.whole(0, 20), '3', 'How often a failed request is tried again.'),
}

/** Taken by a repository too, where they stand without `policy`. */
export const policyKeys = {
  require: key(
    kind.choice('signature', 'digest', 'tls', 'any'),
    'any',
    'The weakest proof that is accepted: a signature, a digest stated by a document, TLS only, or any.',
  ),
  expired: key(kind.choice('refuse', 'serve'), 'refuse', 'What to do with a signed index past its own Valid-Until.'),
  fresh_for: key(
    kind.freshness,
    '5m',
    'How long an index is served without asking upstream; `upstream` goes by its own headers.',
  ),
  expire_after: key(kind.span, 'never', 'When a held item that was not renewed is dropped.'),
  expire_offline: key(kind.truth, 'false', 'Refuse expired items offline too, instead of serving them marked.'),
  stale_if_error: key(
    kind.duration(['forever']),
    '30d',
    'How long past its freshness an index is served when upstream fails.',
  ),
  negative_for: key(kind.duration(), '1m', 'How long "not there" is remembered.'),
}

type Prefixed<T> = { [K in keyof T as `policy.${K & string}`]: T[K] }
const underPolicy = Object.fromEntries(
  Object.entries(policyKeys).map(([name, declared]) => [`policy.${name}`, declared]),
) as Prefixed<typeof policyKeys>

export const keys = {
  data: key(kind.file, './mirror', 'Data directory: catalog, blobs, keys.'),
  store: free(kind.place, './blobs', 'Where blobs are kept, when not in the data directory: a path or an address.'),
  catalog: free(
    kind.place,
    './catalog.db',
    'Where the catalog is kept, when not in the data directory: a path or an address.',
  ),
  listen: key(
    kind.several(kind.listen),
    '127.0.0.1:8080',
    'Where `serve` listens; `0.0.0.0:8080` opens it to the network.',
  ),
  base_url: free(kind.address, 'https://mirror.example.org', 'Address that clients see, when a proxy stands in front.'),
  hosts: key(
    kind.several(kind.host),
    '',
    'Host names under which clients may address the mirror, beside loopback and its own addresses.',
  ),
  workers: key(
    kind.workers,
    '0',
    'Processes that meet clients beside the one that fetches; 0: one process does everything, `auto`: one for each core.',
  ),
  accel: key(
    kind.choice('none', 'nginx'),
    'none',
    'Lets the web server in front send large files itself (X-Accel-Redirect), where its requests say so.',
  ),
  accel_from: key(
    kind.several(kind.host),
    '',
    'Addresses of web servers in front whose requests may say so, beside loopback.',
  ),
  offline: key(kind.truth, 'false', 'Never ask upstream.'),
  builtin: key(kind.truth, 'true', 'Mount the built-in repositories; without them only those named in `repositories`.'),
  only: key(kind.several(kind.word), '', 'Narrow to these repositories or ecosystems.'),
  'log.level': key(
    kind.choice('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    'info',
    'The least that is logged.',
  ),
  'log.format': key(kind.choice('auto', 'text', 'json'), 'auto', '`auto` is text on a terminal, JSON elsewhere.'),
  debug: key(kind.truth, 'false', 'Log the heads of requests and answers, secrets blanked.'),
  'gc.every': key(kind.interval, '24h', 'How often `serve` collects what nothing keeps.'),
  'gc.expire_every': key(kind.interval, '6h', 'How often `serve` looks for expired items.'),
  'keep.latest': free(kind.whole(1), '3', 'How many versions of a package gc leaves at least.'),
  'keep.unused_for': key(kind.span, 'forever', 'Drop what nobody asked for in this long.'),
  'keep.max_size': key(kind.size(endless), 'none', 'Drop the least used until the blobs fit.'),
  'keep.max_age': key(kind.span, 'forever', 'Drop what was fetched longer ago.'),
  'keep.grace': key(kind.duration(), '24h', 'How long what was dropped stays readable for transfers under way.'),
  keep_free: key(
    kind.room,
    '5%',
    'How much of the disk stays free: a sync refuses what would not fit, `serve` passes files on without keeping them.',
  ),
  max_growth: key(
    kind.share,
    'none',
    'How much the selection of a manifest may grow in one sync; more ends it with 5 before anything is fetched or published.',
  ),
  'backup.every': key(kind.interval, '24h', 'How often a copy of the catalog is taken, by `serve` and after syncs.'),
  'backup.keep': key(kind.whole(1, 1000), '3', 'How many copies of the catalog are kept.'),
  wait: key(
    kind.duration(['forever']),
    '0',
    'How long a run waits for another one that works on the same data directory, before it ends with 7.',
  ),
  report: key(
    kind.several(kind.file),
    '',
    'Files that a sync writes its report to, by their endings: `.json`, `.md` or `.html`.',
  ),
  'notify.start': free(
    kind.hook,
    'https://ping.example.org/start',
    'Told when a sync begins: an address that is posted to, or a command and its arguments as a list.',
  ),
  'notify.success': free(
    kind.hook,
    'https://ping.example.org/done',
    'Told when a sync has ended with 0: it gets the report as JSON, in the body or on standard input.',
  ),
  'notify.failure': free(
    kind.hook,
    '/usr/local/bin/mail-report',
    'Told in the same way when a sync has ended with anything else.',
  ),
  'snapshots.auto': key(kind.truth, 'true', 'Make a snapshot after each sync that changed something.'),
  'snapshots.latest': key(kind.whole(1), '10', 'How many of the snapshots that syncs made gc leaves.'),
  'snapshots.max_age': key(kind.span, '30d', 'How old the snapshots that syncs made may get.'),
  'publish.directory': free(kind.file, '/srv/mirror', 'Where `export` writes when it is not told.'),
  'publish.base_url': free(
    kind.address,
    'https://mirror.example.org',
    'Address under which the exported tree is served.',
  ),
  'publish.grace': key(kind.duration(), '6h', 'How long a file stays in an exported tree that has gone out of it.'),
  'policy.cooldown.default': key(kind.duration(), '0', 'How old a version has to be before it is shown.'),
  ...underPolicy,
  ...networkKeys,
} satisfies Record<string, Key<unknown>>

export type KeyName = keyof typeof keys
export type ValueOf<K extends Key<unknown>> = K extends Key<infer T> ? T : never
export const keyNames = Object.keys(keys) as readonly KeyName[]

const flagNames: Readonly<Partial<Record<KeyName, string>>> = {
  builtin: '--no-builtin',
  'policy.cooldown.default': '--cooldown',
  'publish.grace': '--grace',
  'timeouts.connect': '--connect-timeout',
  'timeouts.headers': '--headers-timeout',
  'timeouts.idle': '--idle-timeout',
  'concurrency.host': '--concurrency-per-host',
  'concurrency.total': '--concurrency',
}

/** The key's long flag, without its argument. */
export function flagOf(name: KeyName): string {
  return flagNames[name] ?? `--${name.replace(/^policy\./, '').replace(/[._]/g, '-')}`
}

/** The name under which a command line parser hands over the flag: `--base-url` is `baseUrl`, `--no-builtin` is `builtin`. */
export function attributeOf(name: KeyName): string {
  const bare = flagOf(name).replace(/^--(no-)?/, '')
  return bare.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** PKGMIRROR_BASE_URL for --base-url. */
export function variableOf(name: KeyName): string {
  const bare = flagOf(name).replace(/^--(no-)?/, '')
  return `PKGMIRROR_${bare.replace(/-/g, '_').toUpperCase()}`
}
