"""The tables of the store, and how its file is opened.

Rules of this file
- WAL with synchronous=FULL: what is committed survives a power cut. secure_delete: what is deleted is zeroed.
- One process, one connection, one thread (see `thread.py`).
- `clips` keeps a row for every clip ever accepted: the tombstone makes a second delivery change nothing.
- `LAYOUTS` are steps: a store of an older layout gets those it lacks. A newer one is refused, never guessed at.
"""

from pathlib import Path

import apsw

from gateway.errors import StoreError, StoreInUse

FIRST = """
CREATE TABLE boots (
  board TEXT NOT NULL, boot INTEGER NOT NULL, kind TEXT NOT NULL,
  hello TEXT NOT NULL,               -- JSON as the board sent it, newest
  seen_wall_ns INTEGER NOT NULL,
  PRIMARY KEY (board, boot)
) STRICT;
CREATE TABLE clips (
  id INTEGER PRIMARY KEY,
  board TEXT NOT NULL, boot INTEGER NOT NULL, clip INTEGER NOT NULL,
  kind TEXT NOT NULL,                -- sensor | camera
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',   -- why it is not whole, or not there any more
  accepted_wall_ns INTEGER NOT NULL,
  changed_wall_ns INTEGER NOT NULL,
  event_sha256 TEXT,                 -- of the event part: tells a repeated clip from another under the same number
  keep_ns INTEGER,                   -- KEEP edge in the gateway's time (see service/matching of clips)
  keep_uncertainty_ns INTEGER,
  trigger_wall_ns INTEGER,
  package TEXT,                      -- file name
  package_sha256 TEXT,
  summary TEXT,                      -- JSON for lists: level, behaviour, score, what is missing
  UNIQUE (board, boot, clip)
) STRICT;
CREATE INDEX clips_by_state ON clips (state);
CREATE TABLE parts (
  clip_id INTEGER NOT NULL REFERENCES clips (id), part INTEGER NOT NULL,
  have INTEGER NOT NULL, total INTEGER, -- bytes; total is NULL while it is not known
  PRIMARY KEY (clip_id, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE chunks (
  clip_id INTEGER NOT NULL REFERENCES clips (id), part INTEGER NOT NULL,
  start INTEGER NOT NULL, data BLOB NOT NULL -- encrypted, see chunks.py
) STRICT;
CREATE UNIQUE INDEX chunks_in_order ON chunks (clip_id, part, start);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT; -- accepted
INSERT INTO facts VALUES ('accepted', '0'), ('last_manifest', '');
"""
CALIBRATIONS = """
CREATE TABLE calibrations (
  board TEXT NOT NULL, uid TEXT NOT NULL, time TEXT NOT NULL,
  kind TEXT NOT NULL,                -- calibration | check
  record TEXT NOT NULL,              -- JSON, see link/calibration.py
  noted_wall_ns INTEGER NOT NULL,
  PRIMARY KEY (board, uid, time, kind)
) STRICT;
CREATE TABLE self_checks (board TEXT PRIMARY KEY, passed_wall_ns INTEGER NOT NULL) STRICT;
"""
MANIFESTS = """
CREATE TABLE batches (
  name TEXT PRIMARY KEY,             -- file name of a timestamp (evidence/timestamp.py)
  sha256 TEXT NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE manifests (
  number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL,
  batch TEXT REFERENCES batches (name) -- NULL while no timestamp covers it
) STRICT;
INSERT INTO manifests (number, sha256) SELECT 1, value FROM facts WHERE name = 'last_manifest' AND value != '';
DELETE FROM facts WHERE name = 'last_manifest';
"""
# Until layout 4 the bytes of a clip lay there as they came: those few that are on their way are given up.
CLIP_KEYS = """
CREATE TABLE clip_keys (
  clip_id INTEGER PRIMARY KEY REFERENCES clips (id),
  wrapped BLOB NOT NULL              -- see chunks.py
) STRICT;
UPDATE clips SET state = 'lost', reason = 'the store it lay in was not encrypted; the gateway was renewed'
  WHERE state IN ('receiving', 'complete', 'partial');
DELETE FROM chunks;
"""
# `deletions` are the tombstones: what was deleted, by whom and why, and when it was shown that nothing of it is left.
RETENTION = """
ALTER TABLE clips ADD COLUMN accepted_at_ns INTEGER NOT NULL DEFAULT 0; -- in the store's time, see elapsed.py
UPDATE clips SET accepted_at_ns = accepted_wall_ns;
CREATE TABLE deletions (
  clip_id INTEGER PRIMARY KEY REFERENCES clips (id),
  who TEXT NOT NULL, reason TEXT NOT NULL,
  wall_ns INTEGER NOT NULL,
  proved_wall_ns INTEGER             -- NULL while something of it may be left
) STRICT;
INSERT INTO deletions (clip_id, who, reason, wall_ns)
  SELECT id, 'the gateway', reason, changed_wall_ns FROM clips WHERE state IN ('expired', 'discarded', 'lost');
INSERT INTO facts SELECT name, max(changed_wall_ns) FROM clips
  JOIN (SELECT 'elapsed_ns' AS name UNION SELECT 'synced_elapsed_ns' UNION SELECT 'synced_wall_ns') GROUP BY name;
"""
LAYOUTS = (FIRST, CALIBRATIONS, MANIFESTS, CLIP_KEYS, RETENTION)
VERSION = len(LAYOUTS)


def connect(path: Path) -> apsw.Connection:
    """Open the database at `path`, make it when it is new. `StoreError` when it is of another program."""
    connection = apsw.Connection(str(path))
    try:
        connection.set_busy_timeout(500)
        # EXCLUSIVE: a second gateway on the same store fails at once instead of racing.
        connection.pragma("locking_mode", "EXCLUSIVE")
        connection.pragma("journal_mode", "WAL")
        connection.pragma("synchronous", "FULL")
        connection.pragma("secure_delete", "ON")
        connection.pragma("foreign_keys", "ON")
        with connection:
            version = connection.pragma("user_version")
            if version > VERSION:
                raise StoreError(
                    f"{path}: layout {version}, this program knows {VERSION}; start the program that wrote it"
                )
            for layout in LAYOUTS[version:]:
                connection.execute(layout)
            connection.pragma("user_version", VERSION)
    except apsw.BusyError:
        connection.close()
        raise StoreInUse(f"{path}: in use by another gateway; stop that one first") from None
    except apsw.NotADBError:
        connection.close()
        raise StoreError(f"{path}: is not a store of this program; move it away") from None
    except BaseException:
        connection.close()
        raise
    return connection
