// Every way in which pkgmirror can fail, in one table: the HTTP status a client gets, the exit code of a run, whether
// trying again can help, and what the operator can do. Errors are thrown where the facts are known and mapped to a
// status or an exit code in exactly two places, the server and the command line.

export interface Failure {
  /** HTTP status of the answer. */
  readonly status: number
  /** Exit code of a run: 1 fault, 2 usage, 3 items failed, 4 integrity, 5 policy, 6 upstream, 7 locked. */
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7
  /** May the same request succeed a little later? */
  readonly retry: boolean
  /** The fix, in a sentence. */
  readonly hint: string
}

const table = {
  // what was asked of us
  USAGE: [400, 2, false, 'See `pkgmirror --help`.'],
  CONFIG: [500, 2, false, 'Correct the named line; `pkgmirror validate FILE` checks a file without running it.'],
  LOCKFILE: [500, 2, false, 'Write the lockfile again with its own tool, or name its format with --as.'],
  LOCKED: [
    503,
    7,
    true,
    'Another run works on this data directory; wait for it with --wait 30m, or name another directory with --data.',
  ],
  BAD_PATH: [400, 2, false, 'The path holds a segment that no repository can have.'],
  BAD_REQUEST: [400, 2, false, 'The request is malformed.'],
  METHOD: [405, 2, false, 'The mirror is read-only: publish to the upstream itself.'],
  NO_ROUTE: [
    404,
    3,
    false,
    'No repository is mounted there, or it has no such path; `pkgmirror status` lists the mounts.',
  ],
  // what is not there
  NOT_FOUND: [404, 3, false, 'Check the spelling and the version; the upstream does not have it.'],
  NOT_HELD: [404, 3, false, 'Sync it while online; offline only what is held can be served.'],
  UNSATISFIED: [404, 3, false, 'No allowed version satisfies the request; widen the range or the policy.'],
  ONLY_IF_CACHED: [504, 3, false, 'The request asked for a held answer only.'],
  // what policy refuses
  DENIED: [403, 5, false, 'A deny rule names it; change `policy.deny` or `policy.allow` if it is wanted.'],
  COOLDOWN: [403, 5, true, 'It is younger than the cooldown; wait, or set a shorter `policy.cooldown` for it.'],
  GROWTH: [
    403,
    5,
    false,
    'Look at `pkgmirror sync MANIFEST --dry-run`; set a larger --max-growth, or `none`, if this is meant.',
  ],
  REQUIREMENT: [403, 5, false, 'Its proof is weaker than `policy.require` demands.'],
  // what upstream did
  UNREACHABLE: [502, 6, true, 'Check the network, the address and the proxy settings.'],
  TIMEOUT: [504, 6, true, 'The upstream did not answer in time; raise `timeouts` if it is merely slow.'],
  UPSTREAM_STATUS: [502, 6, true, 'The upstream failed; try again later.'],
  UPSTREAM_AUTH: [502, 6, false, 'The upstream refused our credentials; check `credentials` of the repository.'],
  RATE_LIMITED: [429, 6, true, 'The upstream limits requests; lower `concurrency` or try later.'],
  HOST_REFUSED: [
    502,
    3,
    false,
    'A document or redirect points to a host that is not allowed; add it to `allow_hosts` if it is right.',
  ],
  UNVALIDATED: [
    504,
    6,
    true,
    'Upstream lets nothing stale be shown (must-revalidate, no-cache); a rule with `fresh_for` shows it all the same.',
  ],
  TRUNCATED: [502, 6, true, 'The transfer broke off; what had arrived was thrown away.'],
  TOO_LARGE: [502, 4, false, 'More bytes came than were stated or allowed; the upstream is broken or hostile.'],
  UNSTORABLE: [
    502,
    3,
    false,
    'A rule with `fresh_for` keeps it all the same, where that is right; clients of `serve` are passed it on.',
  ],
  UNREADABLE: [
    502,
    3,
    false,
    'The upstream document is not of its format; a portal or proxy may have answered instead.',
  ],
  // what cannot be trusted
  WRONG_LENGTH: [502, 4, false, 'The length differs from what its voucher states; nothing was kept.'],
  WRONG_DIGEST: [502, 4, false, 'The bytes differ from what their voucher states; nothing was kept.'],
  DISAGREEMENT: [502, 4, false, 'Two vouchers state different digests for one path; nothing was kept.'],
  REPLACED: [
    502,
    4,
    false,
    'The old bytes are kept and served. If the change is right, give the path a rule with `policy: revalidate`.',
  ],
  WEAK_DIGEST: [502, 4, false, 'Only a weak digest vouches for it.'],
  NO_SIGNATURE: [
    502,
    4,
    false,
    'The document carries no signature; ask an upstream that signs, or check that the address is right.',
  ],
  BAD_SIGNATURE: [502, 4, false, 'The signature does not fit the document; nothing was kept.'],
  BAD_FRAMING: [502, 4, false, 'The signed document is malformed or carries text outside its signature.'],
  UNKNOWN_KEY: [
    502,
    4,
    false,
    'The signing key is not in the keyring; check its fingerprint and add it with `keyring`.',
  ],
  EXPIRED_KEY: [502, 4, false, 'The signing key has expired; update the keyring.'],
  REVOKED_KEY: [502, 4, false, 'The signing key was revoked; update the keyring and ask upstream.'],
  UNSUPPORTED_KEY: [502, 4, false, 'The key or signature uses an algorithm that is not supported or not safe.'],
  NOT_YET_VALID: [502, 4, false, 'The signature or date lies in the future; check the clock.'],
  EXPIRED: [
    502,
    4,
    false,
    'The index is past its Valid-Until; upstream or a cache is frozen. `expired: serve` accepts it.',
  ],
  ROLLBACK: [502, 4, false, 'An older index than the one already held was offered; the newer one is kept.'],
  // what was carried here
  BUNDLE: [
    502,
    4,
    false,
    'The bundle is not as it was made; carry it again, or have it made anew. Nothing of it was taken.',
  ],
  SEQUENCE: [
    502,
    4,
    false,
    'Bundles of a series build on each other: bring the one that is named, or have a full one made.',
  ],
  INCOMPLETE: [502, 3, true, 'Copy what is named again and repeat the import; what has arrived is kept.'],
  // what broke here
  DISK_FULL: [507, 1, true, 'Free some space; `pkgmirror gc --dry-run` shows what could go.'],
  DISK_FAILED: [
    503,
    1,
    true,
    'The system refused to read or write the data; check the disk, free inodes, permissions, its mount and limits of file sizes.',
  ],
  TOO_MANY_FILES: [503, 1, true, 'Raise the limit of open files: `ulimit -n`, or `LimitNOFILE` of the service.'],
  NOTIFY: [502, 6, true, 'Check the address or the command under `notify`; the run itself is not touched by it.'],
  DAMAGED: [500, 4, false, 'Held bytes are damaged; `pkgmirror verify --repair` fetches them again.'],
  STOPPED: [503, 1, true, 'The run was stopped; start it again and it goes on where it was.'],
  FAULT: [500, 1, false, 'This is a fault of pkgmirror; please report it with the output of --debug.'],
} as const satisfies Record<string, readonly [number, Failure['exit'], boolean, string]>

export type Code = keyof typeof table

export const failures: Readonly<Record<Code, Failure>> = Object.fromEntries(
  Object.entries(table).map(([code, [status, exit, retry, hint]]) => [code, { status, exit, retry, hint }]),
) as Record<Code, Failure>

/** What an error is about. `file` and `line` (from 1) name the input; `until` is in milliseconds since 1970. */
export interface Facts {
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly until?: number | undefined
  readonly hint?: string | undefined
  readonly status?: number | undefined
  readonly cause?: unknown
  readonly [fact: string]: unknown
}

/** The one error class: a stable `code`, a sentence, and the facts. */
export class MirrorError extends Error {
  readonly code: Code
  readonly facts: Facts

  constructor(code: Code, message: string, facts: Facts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'MirrorError'
    this.code = code
    this.facts = facts
  }

  get failure(): Failure {
    return failures[this.code]
  }

  get hint(): string {
    return this.facts.hint ?? this.failure.hint
  }

  /** `file:line: message`, for people. */
  get located(): string {
    const { file, line } = this.facts
    if (file === undefined) return this.message
    return `${file}${line === undefined ? '' : `:${line}`}: ${this.message}`
  }
}

const systemCodes: Readonly<Record<string, Code>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EIO: 'DISK_FAILED',
  EROFS: 'DISK_FAILED',
  EACCES: 'DISK_FAILED',
  EPERM: 'DISK_FAILED',
  EFBIG: 'DISK_FAILED',
  EMFILE: 'TOO_MANY_FILES',
  ENFILE: 'TOO_MANY_FILES',
  SQLITE_FULL: 'DISK_FULL',
  SQLITE_IOERR: 'DISK_FAILED',
  SQLITE_READONLY: 'DISK_FAILED',
  SQLITE_CANTOPEN: 'DISK_FAILED',
  SQLITE_BUSY: 'LOCKED',
}

/** SQLite's extended codes (`SQLITE_IOERR_WRITE`) begin with what matters here; why a thread did not begin ends its message. */
function knownOf(code: string, message: string): Code | undefined {
  const inner = code === 'ERR_WORKER_INIT_FAILED' ? /[A-Z]+$/.exec(message) : /^SQLITE_[A-Z]+/.exec(code)
  return systemCodes[inner?.[0] ?? code]
}

/** Any thrown value as a MirrorError: system errors by their code, the rest as a fault. */
export function asMirrorError(error: unknown): MirrorError {
  if (error instanceof MirrorError) return error
  if (!(error instanceof Error)) return new MirrorError('FAULT', String(error))
  const code = 'code' in error && typeof error.code === 'string' ? knownOf(error.code, error.message) : undefined
  return new MirrorError(code ?? 'FAULT', error.message, { cause: error })
}

const exitOrder = [4, 5, 3, 6] as const

/** The exit code of a run in which `errors` happened: 1, 2 and 7 end it; of the others the first of 4, 5, 3, 6 counts. */
export function exitCode(errors: Iterable<MirrorError>): number {
  const codes = new Set<number>()
  for (const error of errors) codes.add(error.failure.exit)
  for (const fatal of [7, 2, 1]) if (codes.has(fatal)) return fatal
  return exitOrder.find((code) => codes.has(code)) ?? 0
}
