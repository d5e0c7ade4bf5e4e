// The catalog's schema, as numbered steps. A step that has been released is never changed; a new one is added.
// One SQL text for SQLite and PostgreSQL: no dialect of either beyond WITHOUT ROWID, which is a hint.

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
  -- bundles that were made here, each of a snapshot; header: sha256 of its signed header
  CREATE TABLE bundle_made (
    series TEXT NOT NULL,
    number INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
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
]
