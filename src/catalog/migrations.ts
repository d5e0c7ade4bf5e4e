// The catalog's schema, as numbered steps. A step that has been released is never changed; a new one is added.
// One SQL text for SQLite and PostgreSQL: no dialect of either beyond WITHOUT ROWID, which is a hint; triggers apart.

export const migrations: readonly string[] = [
  `
  -- repositories a run has used: so that a copied data directory can be served without its configuration
  CREATE TABLE repository (
    name TEXT PRIMARY KEY,
    ecosystem TEXT NOT NULL,
    settings TEXT NOT NULL,
    recorded INTEGER NOT NULL
  ) WITHOUT ROWID;

  -- bytes by digest; digests: the other algorithms that were computed, as JSON
  CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    digests TEXT NOT NULL,
    added INTEGER NOT NULL
  ) WITHOUT ROWID;

  -- a set of refs that flips as one; state: staging, waiting (for its cooldown), current, previous
  CREATE TABLE generation (
    id INTEGER PRIMARY KEY,
    repo TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    made INTEGER NOT NULL,
    flipped INTEGER
  );
  CREATE INDEX generation_key ON generation (repo, key, state);

  -- what a path holds; sha256 null: upstream said it is not there. generation 0: belongs to none.
  -- modified: our Last-Modified, never going back. checked: last validated. hits and used are written in batches.
  CREATE TABLE ref (
    repo TEXT NOT NULL,
    path TEXT NOT NULL,
    variant TEXT NOT NULL,
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT,
    size INTEGER NOT NULL,
    status INTEGER NOT NULL,
    type TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    fetched INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    name TEXT,
    version TEXT,
    proof TEXT NOT NULL,
    proven TEXT NOT NULL,
    hits INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (repo, path, variant, generation)
  ) WITHOUT ROWID;
  CREATE INDEX ref_sha256 ON ref (sha256);
  CREATE INDEX ref_generation ON ref (generation);

  -- one document, read once: scope is the path it was read for, or '*N' when what it says does not depend on its path
  CREATE TABLE reading (
    id INTEGER PRIMARY KEY,
    repo TEXT NOT NULL,
    scope TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    made INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    UNIQUE (repo, scope, sha256)
  );

  -- what a reading says of other paths
  CREATE TABLE fact (
    repo TEXT NOT NULL,
    path TEXT NOT NULL,
    reading INTEGER NOT NULL,
    name TEXT,
    version TEXT,
    size INTEGER,
    url TEXT,
    published INTEGER,
    digests TEXT,
    data TEXT,
    PRIMARY KEY (repo, path, reading)
  ) WITHOUT ROWID;
  CREATE INDEX fact_name ON fact (repo, name);
  CREATE INDEX fact_reading ON fact (reading);

  -- when this mirror first saw a path for which no index gives a time; baseline: it was in the first reading
  CREATE TABLE seen (
    repo TEXT NOT NULL,
    path TEXT NOT NULL,
    first INTEGER NOT NULL,
    baseline INTEGER NOT NULL,
    PRIMARY KEY (repo, path)
  ) WITHOUT ROWID;

  -- what signature checks remember: the newest date of a suite, a tree head
  CREATE TABLE remembered (
    repo TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (repo, key)
  ) WITHOUT ROWID;

  -- rendered documents; inputs: the documents read for it, as JSON [path, sha256][]; twins: coding to blob, as JSON
  CREATE TABLE view (
    key TEXT PRIMARY KEY,
    repo TEXT NOT NULL,
    path TEXT NOT NULL,
    type TEXT NOT NULL,
    sha256 TEXT,
    size INTEGER NOT NULL,
    twins TEXT NOT NULL,
    headers TEXT NOT NULL,
    inputs TEXT NOT NULL,
    until INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    used INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX view_path ON view (repo, path);

  -- what holds a path: a manifest, by the last run that wanted it
  CREATE TABLE hold (
    repo TEXT NOT NULL,
    path TEXT NOT NULL,
    holder TEXT NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (repo, path, holder)
  ) WITHOUT ROWID;
  CREATE INDEX hold_holder ON hold (holder, run);

  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    code INTEGER,
    summary TEXT
  );
  `,
  `
  -- a named set of refs and generations, made at a moment; tags: JSON. An id is never given twice: what was written after one
  -- snapshot must not look older than a later one.
  CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    made INTEGER NOT NULL,
    tags TEXT NOT NULL,
    note TEXT NOT NULL,
    automatic INTEGER NOT NULL
  );

  -- which generation was current of each set
  CREATE TABLE snapshot_generation (
    snapshot INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    repo TEXT NOT NULL,
    key TEXT NOT NULL,
    made INTEGER NOT NULL,
    flipped INTEGER,
    PRIMARY KEY (snapshot, generation)
  ) WITHOUT ROWID;
  CREATE INDEX snapshot_generation_of ON snapshot_generation (generation);

  -- one row: what is served and exported instead of the newest state (null: the newest), and since when
  CREATE TABLE shown (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    snapshot INTEGER,
    since INTEGER NOT NULL
  );
  INSERT INTO shown (one, snapshot, since) VALUES (1, NULL, 0);

  -- views of a snapshot; 0: of the newest state
  ALTER TABLE view ADD COLUMN snapshot INTEGER NOT NULL DEFAULT 0;

  -- since: the newest snapshot there was when this content was written; only later ones see it
  ALTER TABLE ref ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

  -- refs as they were; until: the newest snapshot that still saw them. A snapshot n sees a row when since < n <= until.
  CREATE TABLE past (
    repo TEXT NOT NULL,
    path TEXT NOT NULL,
    variant TEXT NOT NULL,
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    status INTEGER NOT NULL,
    type TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    fetched INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    name TEXT,
    version TEXT,
    proof TEXT NOT NULL,
    proven TEXT NOT NULL,
    hits INTEGER NOT NULL,
    used INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (repo, path, variant, generation, until)
  ) WITHOUT ROWID;
  CREATE INDEX past_sha256 ON past (sha256);
  CREATE INDEX past_generation ON past (generation);

  -- triggers, so that no writer can forget what snapshots see. Times, counts and header fields alone are no new content.
  CREATE TRIGGER ref_added AFTER INSERT ON ref WHEN NEW.since < (SELECT max(id) FROM snapshot)
  BEGIN
    UPDATE ref SET since = (SELECT max(id) FROM snapshot)
    WHERE repo = NEW.repo AND path = NEW.path AND variant = NEW.variant AND generation = NEW.generation;
  END;
  CREATE TRIGGER ref_changed AFTER UPDATE OF kind, sha256, size, status, type, url, name, version, proof, proven ON ref
  WHEN OLD.since < (SELECT max(id) FROM snapshot)
    AND (OLD.kind, OLD.sha256, OLD.size, OLD.status, OLD.type, OLD.url, OLD.name, OLD.version, OLD.proof, OLD.proven)
      IS NOT (NEW.kind, NEW.sha256, NEW.size, NEW.status, NEW.type, NEW.url, NEW.name, NEW.version, NEW.proof, NEW.proven)
  BEGIN
    INSERT INTO past SELECT OLD.repo, OLD.path, OLD.variant, OLD.generation, OLD.kind, OLD.sha256, OLD.size, OLD.status, OLD.type, OLD.url,
      OLD.headers, OLD.fetched, OLD.checked, OLD.modified, OLD.name, OLD.version, OLD.proof, OLD.proven, OLD.hits,
      OLD.used, OLD.since,
      (SELECT max(id) FROM snapshot)
    WHERE OLD.sha256 IS NOT NULL
      AND (OLD.generation = 0 OR EXISTS (SELECT 1 FROM snapshot_generation WHERE generation = OLD.generation));
    UPDATE ref SET since = (SELECT max(id) FROM snapshot)
    WHERE repo = NEW.repo AND path = NEW.path AND variant = NEW.variant AND generation = NEW.generation;
  END;
  CREATE TRIGGER ref_gone AFTER DELETE ON ref
  WHEN OLD.sha256 IS NOT NULL AND OLD.since < (SELECT max(id) FROM snapshot)
    AND (OLD.generation = 0 OR EXISTS (SELECT 1 FROM snapshot_generation WHERE generation = OLD.generation))
  BEGIN
    INSERT INTO past SELECT OLD.repo, OLD.path, OLD.variant, OLD.generation, OLD.kind, OLD.sha256, OLD.size, OLD.status, OLD.type, OLD.url,
      OLD.headers, OLD.fetched, OLD.checked, OLD.modified, OLD.name, OLD.version, OLD.proof, OLD.proven, OLD.hits,
      OLD.used, OLD.since,
      (SELECT max(id) FROM snapshot);
  END;
  `,
  `
  -- held paths that their documents mark as withdrawn, and the run that saw it first; word: yanked, deprecated
  CREATE TABLE withdrawn (
    repo TEXT NOT NULL,
    path TEXT NOT NULL,
    word TEXT NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (repo, path)
  ) WITHOUT ROWID;
  `,
  `
  -- bundles that were made here, each of a snapshot, by its name and id; header: sha256 of its signed header
  CREATE TABLE bundle_made (
    series TEXT NOT NULL,
    number INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    state INTEGER NOT NULL,
    header TEXT NOT NULL,
    made INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    PRIMARY KEY (series, number)
  ) WITHOUT ROWID;

  -- bundles that were taken here; key: number of the key that had signed it
  CREATE TABLE bundle_taken (
    series TEXT NOT NULL,
    number INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    header TEXT NOT NULL,
    key TEXT NOT NULL,
    taken INTEGER NOT NULL,
    PRIMARY KEY (series, number)
  ) WITHOUT ROWID;
  `,
  `
  -- by repository, so that what one repository holds is found without what the others hold
  DROP INDEX hold_holder;
  CREATE INDEX hold_holder ON hold (holder, repo, run);

  -- walks that found nothing to do; run: the one that made the plan; until: when policy may show something else; wide: facts that
  -- its own documents do not state count too; found: the documents it looked at and what it said, as JSON
  CREATE TABLE steady (
    repo TEXT NOT NULL,
    holder TEXT NOT NULL,
    run INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    made INTEGER NOT NULL,
    until INTEGER NOT NULL,
    wide INTEGER NOT NULL,
    found TEXT NOT NULL,
    PRIMARY KEY (repo, holder)
  ) WITHOUT ROWID;

  -- triggers, so that nobody who takes something away can forget them. Documents are compared by whoever reads a row: of them
  -- only rows depend that look at all.
  CREATE TRIGGER steady_file_gone AFTER DELETE ON ref
  WHEN OLD.sha256 IS NOT NULL AND EXISTS (SELECT 1 FROM steady WHERE repo = OLD.repo)
  BEGIN
    DELETE FROM steady WHERE repo = OLD.repo AND (wide = 1 OR OLD.kind = 'artifact');
  END;
  CREATE TRIGGER steady_file_changed AFTER UPDATE OF kind, sha256, size, name, version, proof ON ref
  WHEN (OLD.kind, OLD.sha256, OLD.size, OLD.name, OLD.version, OLD.proof)
      IS NOT (NEW.kind, NEW.sha256, NEW.size, NEW.name, NEW.version, NEW.proof)
    AND EXISTS (SELECT 1 FROM steady WHERE repo = OLD.repo)
  BEGIN
    DELETE FROM steady WHERE repo = OLD.repo AND (wide = 1 OR OLD.kind = 'artifact');
  END;
  CREATE TRIGGER steady_file_added AFTER INSERT ON ref
  WHEN NEW.sha256 IS NOT NULL AND EXISTS (SELECT 1 FROM steady WHERE repo = NEW.repo AND wide = 1)
    AND (NEW.kind <> 'artifact' OR EXISTS (SELECT 1 FROM ref o WHERE o.sha256 = NEW.sha256 AND o.repo = NEW.repo
      AND (o.path, o.variant, o.generation) IS NOT (NEW.path, NEW.variant, NEW.generation)))
  BEGIN
    DELETE FROM steady WHERE repo = NEW.repo AND wide = 1;
  END;
  CREATE TRIGGER steady_bytes_gone AFTER DELETE ON blob
  BEGIN
    DELETE FROM steady WHERE repo IN (SELECT repo FROM ref WHERE sha256 = OLD.sha256);
  END;
  CREATE TRIGGER steady_read AFTER UPDATE OF complete ON reading WHEN NEW.complete = 1
  BEGIN
    DELETE FROM steady WHERE repo = NEW.repo AND wide = 1;
  END;
  CREATE TRIGGER steady_reading_gone AFTER DELETE ON reading
  BEGIN
    DELETE FROM steady WHERE repo = OLD.repo AND (wide = 1 OR substr(OLD.scope, 1, 9) = 'lockfile:');
  END;
  CREATE TRIGGER steady_flipped AFTER UPDATE OF state ON generation
  BEGIN
    DELETE FROM steady WHERE repo = NEW.repo AND wide = 1;
  END;
  CREATE TRIGGER steady_held AFTER INSERT ON hold
  BEGIN
    DELETE FROM steady WHERE repo = NEW.repo AND holder = NEW.holder;
  END;
  CREATE TRIGGER steady_let_go AFTER DELETE ON hold
  BEGIN
    DELETE FROM steady WHERE repo = OLD.repo AND holder = OLD.holder;
  END;
  `,
]
