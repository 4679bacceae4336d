"""The part of the store that knows the chain of packages, and which of them a timestamp covers.

Rules of this file
- A manifest's number is its place in the chain; none is ever deleted: the hash of what is gone proves what was.
- Every public method is one transaction, as in store.py, but `add`, which is part of sealing.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import apsw


class Manifests:
    """Made by `Store`, with its database and its way to make a transaction."""

    def __init__(self, db: apsw.Connection, transaction: Callable[[], AbstractContextManager[None]]) -> None:
        self._db = db
        self._transaction = transaction

    def newest(self) -> tuple[int, str]:
        """Return the number of the newest package of this gateway and the SHA-256 of its manifest; (0, "") at first."""
        for number, sha256 in self._db.execute(
            "SELECT number, sha256 FROM manifests ORDER BY number DESC LIMIT 1"
        ):
            return int(number), str(sha256)
        return 0, ""

    def add(self, sha256: str) -> None:
        """Note the next one; within a transaction of the store."""
        self._db.execute("INSERT INTO manifests (sha256) VALUES (?)", (sha256,))

    def unstamped(self, most: int) -> list[tuple[int, str]]:
        """Return (number, SHA-256) of the oldest `most` that no timestamp covers."""
        found = self._db.execute(
            "SELECT number, sha256 FROM manifests WHERE batch IS NULL ORDER BY number LIMIT ?", (most,)
        )
        return [(int(number), str(sha256)) for number, sha256 in found]

    def stamp(self, name: str, sha256: str, numbers: Sequence[int]) -> None:
        """Note that the timestamp in the file `name` (with its SHA-256) covers the manifests of `numbers`."""
        with self._transaction():
            self._db.execute("INSERT INTO batches (name, sha256) VALUES (?, ?)", (name, sha256))
            self._db.executemany(
                "UPDATE manifests SET batch = ? WHERE number = ?", [(name, number) for number in numbers]
            )

    def undelivered(self) -> list[tuple[str, str]]:
        """Return (file name, SHA-256) of the timestamps that are not at their target yet."""
        found = self._db.execute("SELECT name, sha256 FROM batches WHERE NOT delivered ORDER BY name")
        return [(str(name), str(sha256)) for name, sha256 in found]

    def deliver(self, name: str) -> None:
        """Note that the timestamp in the file `name` is at its target."""
        with self._transaction():
            self._db.execute("UPDATE batches SET delivered = 1 WHERE name = ?", (name,))
