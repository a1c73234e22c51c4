"""The ledger's tables, as numbered steps. Each runs once, in a transaction of its own; none is ever changed."""

from __future__ import annotations

import sqlite3

__all__ = ["STEPS", "migrate"]


def m001_tasks_and_pictures(db: sqlite3.Connection) -> None:
    """One row an attempt at a cell, and one row a picture on disk."""
    db.execute(
        """
        CREATE TABLE tasks (
            row TEXT NOT NULL UNIQUE,        -- our own id; also the name of its folder of pictures
            cell TEXT NOT NULL,              -- hash of everything that decides the pictures
            attempt INTEGER NOT NULL,
            owner TEXT NOT NULL,             -- the session that wrote it
            gateway TEXT NOT NULL,
            simulated INTEGER NOT NULL,
            mode TEXT NOT NULL,
            held TEXT NOT NULL,              -- JSON: the request with the gateway's defaults filled in
            repeat INTEGER NOT NULL,
            take INTEGER NOT NULL,
            parent TEXT NOT NULL DEFAULT '', -- task id that a follow-up builds on
            state TEXT NOT NULL,
            task_id TEXT NOT NULL DEFAULT '',
            price_micro INTEGER,             -- millionths of a US dollar
            submitted REAL, created REAL, completed REAL, seen REAL, lag_s REAL, cost_time_s REAL, expires REAL,
            fail_code TEXT NOT NULL DEFAULT '',
            fail_msg TEXT NOT NULL DEFAULT '',
            urls TEXT NOT NULL DEFAULT '[]',
            sent TEXT, answered TEXT, told TEXT,  -- JSON as it travelled, without the key
            UNIQUE (cell, attempt)
        )
        """
    )
    db.execute("CREATE INDEX tasks_by_task ON tasks (task_id)")
    db.execute("CREATE INDEX tasks_by_state ON tasks (state)")
    db.execute(
        """
        CREATE TABLE pictures (
            row TEXT NOT NULL, idx INTEGER NOT NULL, path TEXT NOT NULL,
            width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
            PRIMARY KEY (row, idx)
        )
        """
    )


def m002_sweep(db: sqlite3.Connection) -> None:
    """Which sweep bought a row, so that a sweep's budget holds however often it is started."""
    db.execute("ALTER TABLE tasks ADD COLUMN sweep TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX tasks_by_sweep ON tasks (sweep)")


def m003_stars(db: sqlite3.Connection) -> None:
    """What a person thought of a task's pictures; by the gateway's id, so that a frame from a file finds them."""
    db.execute("CREATE TABLE stars (task_id TEXT PRIMARY KEY, stars INTEGER NOT NULL)")


def m004_texts_and_posters(db: sqlite3.Connection) -> None:
    """What a task said whose answer is text, the still picture of clips, and what keeps a row from being paid twice."""
    db.execute(
        "ALTER TABLE tasks ADD COLUMN key TEXT NOT NULL DEFAULT ''"
    )  # by which a gateway may know a row again
    db.execute("ALTER TABLE tasks ADD COLUMN went_on REAL")  # when the second half of a request was sent
    db.execute("ALTER TABLE tasks ADD COLUMN texts TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE tasks ADD COLUMN poster TEXT NOT NULL DEFAULT ''")


def m005_claims_and_purses(db: sqlite3.Connection) -> None:
    """When a row was written, by which its task is looked for if its answer is lost; and which budget pays for it."""
    db.execute("ALTER TABLE tasks ADD COLUMN claimed REAL")  # epoch seconds
    db.execute(
        "ALTER TABLE tasks ADD COLUMN found REAL"
    )  # when its task was found otherwise than by its answer
    db.execute("ALTER TABLE tasks ADD COLUMN purse TEXT NOT NULL DEFAULT ''")
    db.execute("UPDATE tasks SET purse = sweep")
    db.execute(
        "CREATE INDEX tasks_by_purse ON tasks (purse, state, price_micro, fail_code)"
    )  # sums need no other look


STEPS = (m001_tasks_and_pictures, m002_sweep, m003_stars, m004_texts_and_posters, m005_claims_and_purses)


def migrate(db: sqlite3.Connection, upto: int = len(STEPS)) -> None:
    """Bring a ledger up to date, or `upto` a number of steps; safe when two processes open it at once."""
    db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    done = {name for (name,) in db.execute("SELECT name FROM migrations")}
    strange = done - {s.__name__ for s in STEPS}
    if strange:
        raise sqlite3.DatabaseError(f"a newer mjnb has changed it ({min(strange)}); update mjnb")
    for step in STEPS[:upto]:
        if step.__name__ in done:
            continue
        db.execute("BEGIN IMMEDIATE")
        try:
            if db.execute("SELECT 1 FROM migrations WHERE name = ?", (step.__name__,)).fetchone() is None:
                step(db)
                db.execute("INSERT INTO migrations VALUES (?)", (step.__name__,))
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
