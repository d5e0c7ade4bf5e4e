// The deletions of a collection. Each looks once more, in the same transaction, whether what was marked is still as it
// was: what somebody asked for, renewed or took up meanwhile stays.

import type { GoingBlob, GoingReading, GoingRef, GoingView } from './marks.ts'
import type { Connection } from './open.ts'
import type { GenerationState, Ref } from './rows.ts'

export interface ViewPage {
  readonly key: string
  readonly repo: string
  readonly path: string
  readonly type: string
  readonly size: number
  readonly blobs: readonly string[]
  readonly inputs: readonly (readonly [path: string, sha256: string])[]
  readonly until: number
  readonly used: number
  /** No view of this path and type was made later. */
  readonly newest: boolean
  /** Of which snapshot it is a view; 0: of the newest state. */
  readonly snapshot: number
}

/** A ref as far as it matters here; `held`: some manifest holds its path. */
export interface RefPage
  extends Pick<
    Ref,
    | 'repo'
    | 'path'
    | 'variant'
    | 'generation'
    | 'kind'
    | 'sha256'
    | 'size'
    | 'fetched'
    | 'checked'
    | 'used'
    | 'name'
    | 'version'
  > {
  readonly held: boolean
}

export interface Sweeps {
  /** Returns those that went. */
  refs(going: readonly GoingRef[]): readonly GoingRef[]
  generation(id: number, state: GenerationState): boolean
  views(going: readonly GoingView[]): readonly GoingView[]
  /** Removes some facts of a reading that nothing stands behind; true when the reading is gone with the last of them. */
  reading(going: GoingReading): boolean
  /** Forgets blobs older than `before` that neither a ref, of now or of a snapshot, nor a view names; views made since `started` are looked at. */
  blobs(going: readonly GoingBlob[], before: number, started: number): readonly GoingBlob[]
  /** Has the catalog a row for these bytes, or a ref to them? */
  knows(sha256: string): boolean
  /** Renews the time from which the grace of a blob counts; false when there is no such blob any more. */
  claim(sha256: string, time: number): boolean
  /** All refs by path. */
  refsFrom(after: RefPage | undefined): readonly RefPage[]
  viewsFrom(after: string): readonly ViewPage[]
  /** Digests of held bytes in order, those of snapshots too: of one repository, or of all. */
  held(after: string, repo?: string): readonly string[]
}

/** Rows handled in one transaction. */
const BATCH = 200

interface RefRow extends Omit<RefPage, 'sha256' | 'name' | 'version' | 'held'> {
  readonly sha256: string | null
  readonly name: string | null
  readonly version: string | null
  readonly held: number
}

interface ViewRow {
  readonly key: string
  readonly repo: string
  readonly path: string
  readonly type: string
  readonly size: number
  readonly sha256: string | null
  readonly twins: string
  readonly inputs: string
  readonly until: number
  readonly used: number
  readonly snapshot: number
  readonly newer: number
}

export function sweeps(connection: Connection): Sweeps {
  return { ...deletions(connection), ...scans(connection) }
}

function deletions(
  connection: Connection,
): Pick<Sweeps, 'refs' | 'generation' | 'views' | 'reading' | 'blobs' | 'claim'> {
  const dropRef = connection.prepare(
    `DELETE FROM ref WHERE repo = @repo AND path = @path AND variant = @variant AND generation = @generation
       AND checked = @checked AND used = @used`,
  )
  const generationRefs = connection.prepare('DELETE FROM ref WHERE generation = ?')
  const dropGeneration = connection.prepare('DELETE FROM generation WHERE id = ? AND state = ?')
  const dropView = connection.prepare('DELETE FROM view WHERE key = ? AND used = ?')
  const close = connection.prepare(
    `UPDATE reading SET complete = 0 WHERE id = @id AND repo = @repo AND scope = @scope AND sha256 = @sha256 AND made = @made
       AND (complete = 0 OR NOT EXISTS (SELECT 1 FROM ref r WHERE r.sha256 = @sha256 AND r.repo = @repo)
         AND NOT EXISTS (SELECT 1 FROM past p WHERE p.sha256 = @sha256 AND p.repo = @repo))`,
  )
  const dropFacts = connection.prepare(
    `DELETE FROM fact WHERE reading = @id AND repo = @repo
       AND path IN (SELECT path FROM fact WHERE reading = @id AND repo = @repo ORDER BY path LIMIT ${BATCH})`,
  )
  const dropReading = connection.prepare('DELETE FROM reading WHERE id = ?')
  const recent = connection.prepare<[number], { sha256: string | null; twins: string }>(
    'SELECT sha256, twins FROM view WHERE used >= ?',
  )
  const dropBlob = connection.prepare(
    `DELETE FROM blob WHERE sha256 = ? AND added < ? AND NOT EXISTS (SELECT 1 FROM ref r WHERE r.sha256 = blob.sha256)
       AND NOT EXISTS (SELECT 1 FROM past p WHERE p.sha256 = blob.sha256)`,
  )
  const claim = connection.prepare('UPDATE blob SET added = ? WHERE sha256 = ?')
  return {
    refs: connection.transaction((going: readonly GoingRef[]) =>
      going.filter((one) => dropRef.run(refKey(one)).changes > 0),
    ).immediate,
    generation: connection.transaction((id: number, state: GenerationState) => {
      if (dropGeneration.run(id, state).changes === 0) return false
      generationRefs.run(id)
      return true
    }).immediate,
    views: connection.transaction((going: readonly GoingView[]) =>
      going.filter(({ key, used }) => dropView.run(key, used).changes > 0),
    ).immediate,
    reading: connection.transaction((going: GoingReading) => {
      // read again meanwhile, or its document is back
      if (close.run(going).changes === 0) return true
      if (dropFacts.run({ id: going.id, repo: going.repo }).changes >= BATCH) return false
      dropReading.run(going.id)
      return true
    }).immediate,
    blobs: connection.transaction((going: readonly GoingBlob[], before: number, started: number) => {
      const shown = new Set(recent.all(started).flatMap(blobsOf))
      return going.filter(({ sha256 }) => !shown.has(sha256) && dropBlob.run(sha256, before).changes > 0)
    }).immediate,
    claim: (sha256, time) => claim.run(time, sha256).changes > 0,
  }
}

const refKey = ({ repo, path, variant, generation, checked, used }: GoingRef) => ({
  repo,
  path,
  variant,
  generation,
  checked,
  used,
})

/** What reads alone, as a snapshot needs it. */
export function scans(connection: Connection): Pick<Sweeps, 'knows' | 'refsFrom' | 'viewsFrom' | 'held'> {
  const knows = connection.prepare<{ sha256: string }, unknown>(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM blob WHERE sha256 = @sha256) OR EXISTS (SELECT 1 FROM ref WHERE sha256 = @sha256)
       OR EXISTS (SELECT 1 FROM past WHERE sha256 = @sha256)`,
  )
  const refs = connection.prepare<[string, string, string, number], RefRow>(
    `SELECT repo, path, variant, generation, kind, sha256, size, fetched, checked, used, name, version,
       EXISTS (SELECT 1 FROM hold h WHERE h.repo = ref.repo AND h.path = ref.path) AS held
     FROM ref WHERE (repo, path, variant, generation) > (?, ?, ?, ?)
     ORDER BY repo, path, variant, generation LIMIT ${BATCH}`,
  )
  const views = connection.prepare<[string], ViewRow>(
    `SELECT v.key AS key, v.repo AS repo, v.path AS path, v.type AS type, v.size AS size, v.sha256 AS sha256, v.twins AS twins,
       v.inputs AS inputs, v.until AS until, v.used AS used, v.snapshot AS snapshot,
       EXISTS (SELECT 1 FROM view n WHERE n.repo = v.repo AND n.path = v.path AND n.type = v.type AND n.snapshot = v.snapshot
         AND (n.modified > v.modified OR (n.modified = v.modified AND n.key > v.key))) AS newer
     FROM (SELECT * FROM view WHERE key > ? ORDER BY key LIMIT ${BATCH}) v ORDER BY v.key`,
  )
  // each half by its own index
  const held = (where: string): string =>
    `SELECT sha256 FROM (SELECT DISTINCT sha256 FROM ref WHERE ${where} ORDER BY sha256 LIMIT ${BATCH})
     UNION SELECT sha256 FROM (SELECT DISTINCT sha256 FROM past WHERE ${where} ORDER BY sha256 LIMIT ${BATCH})
     ORDER BY sha256 LIMIT ${BATCH}`
  const heldOfAll = connection.prepare<{ after: string }, string>(held('sha256 > @after')).pluck()
  const heldOf = connection
    .prepare<{ after: string; repo: string }, string>(held('sha256 > @after AND repo = @repo'))
    .pluck()
  return {
    knows: (sha256) => knows.get({ sha256 }) !== undefined,
    refsFrom: (after) =>
      refs
        .all(after?.repo ?? '', after?.path ?? '', after?.variant ?? '', after?.generation ?? -1)
        .map(({ sha256, name, version, held, ...row }) => ({
          ...row,
          sha256: sha256 ?? undefined,
          name: name ?? undefined,
          version: version ?? undefined,
          held: held === 1,
        })),
    viewsFrom: (after) =>
      views.all(after).map(({ sha256, twins, inputs, newer, ...row }) => ({
        ...row,
        blobs: blobsOf({ sha256, twins }),
        inputs: JSON.parse(inputs) as ViewPage['inputs'],
        newest: newer === 0,
      })),
    held: (after, repo) => (repo === undefined ? heldOfAll.all({ after }) : heldOf.all({ after, repo })),
  }
}

/** The blobs of a view: its body and the body's twins. */
function blobsOf({ sha256, twins }: Pick<ViewRow, 'sha256' | 'twins'>): readonly string[] {
  const along = Object.values(JSON.parse(twins) as Readonly<Record<string, { readonly sha256: string }>>)
  return [...(sha256 === null ? [] : [sha256]), ...along.map((twin) => twin.sha256)]
}
