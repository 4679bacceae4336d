"""Deleting what is left of clips that have ended, and showing that nothing is: the tombstones.

Rules of this file
- A tombstone is made in the transaction that ends the clip (store.py). From then on what is left of it goes: at once,
  and again at each start until it is shown that nothing is left. So a power cut leaves no clip behind.
- Shown means looked for: no row with bytes or a key of it in the database, whose log is empty, and no file of it in the
  store, whichever way its package was written. Only then the tombstone says so, and the audit log.
- A package is written over with zeros before its name goes: what a disk that keeps old blocks makes of that, nobody
  can promise. That is what [evidence] recipients and the machine key are for.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import apsw

from gateway.errors import StoreError
from gateway.evidence import encryption
from gateway.evidence.durably import TEMPORARY, sync_directory
from gateway.evidence.package import SUFFIX
from gateway.store.audit import Audit
from gateway.store.records import Deletion

GATEWAY: Final = "the gateway"
PROVED: Final = "deletion shown"
BLOCK: Final = 1 << 20
_EVENT: Final = "board || '-' || boot || '-' || clip"


class Deletions:
    """Made by `Store`, with its database, its way to make a transaction, its packages and its audit log."""

    def __init__(
        self,
        db: apsw.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
        packages: Path,
        audit: Audit,
    ) -> None:
        self._db = db
        self._transaction = transaction
        self._packages = packages
        self._audit = audit

    def add(self, row: int, who: str, reason: str, now_ns: int) -> None:
        """Make the tombstone of a clip that ends; within a transaction of the store."""
        self._db.execute(
            "INSERT INTO deletions (clip_id, who, reason, wall_ns) VALUES (?, ?, ?, ?)",
            (row, who, reason, now_ns),
        )
        self._db.execute("UPDATE clips SET summary = NULL WHERE id = ?", (row,))

    def all(self) -> list[Deletion]:
        """Return the tombstones, oldest first."""
        return self._select("TRUE")

    def unproved(self) -> list[Deletion]:
        """Return those of which something may be left."""
        return self._select("proved_wall_ns IS NULL")

    def finish(self, now_ns: int) -> list[Deletion]:
        """Delete what is left of each clip that has ended, and show that nothing is; return those of which that is so.

        `StoreError` names the first of which something is left, when it is done with the others.
        """
        waiting, finished, wrong = self.unproved(), list[Deletion](), list[StoreError]()
        if not waiting:
            return []
        for each in waiting:
            try:
                self._erase(each)
            except StoreError as error:
                wrong.append(error)
        self._db.pragma("wal_checkpoint", "TRUNCATE")
        sync_directory(self._packages)
        for each in waiting:
            try:
                self._prove(each, now_ns)
                finished.append(each)
            except StoreError as error:
                wrong.append(error)
        if wrong:
            raise wrong[0]
        return finished

    def _erase(self, deletion: Deletion) -> None:
        for path in self._files(deletion):
            try:
                _overwrite(path)
                path.unlink()
            except OSError as error:
                raise StoreError(
                    f"{path}: cannot be deleted ({error.strerror}); mend the rights or that disk"
                ) from None

    def _prove(self, deletion: Deletion, now_ns: int) -> None:
        left = [str(path) for path in self._files(deletion)]
        left += [
            table
            for table in ("chunks", "clip_keys")
            for _ in self._db.execute(f"SELECT 1 FROM {table} WHERE clip_id = ? LIMIT 1", (deletion.row,))  # noqa: S608
        ]
        if left:
            raise StoreError(
                f"clip {deletion.event_id} was deleted, and there is still {', '.join(left)}; delete it"
            )
        about = {"event": deletion.event_id, "package": deletion.package_sha256, "deleted": deletion.reason}
        with self._transaction():
            self._db.execute(
                "UPDATE deletions SET proved_wall_ns = ? WHERE clip_id = ?", (now_ns, deletion.row)
            )
            self._audit.note(
                PROVED,
                who=GATEWAY,
                reason="no file, no byte and no key of it is in the store",
                now_ns=now_ns,
                about=about,
            )

    def _files(self, deletion: Deletion) -> list[Path]:
        """Return the files of the store that hold something of a clip: its package, or half of one."""
        event = deletion.event_id
        names = (f"{event}{SUFFIX}", f"{event}{SUFFIX}{encryption.SUFFIX}", f".{event}{TEMPORARY}")
        return [self._packages / name for name in names if os.path.lexists(self._packages / name)]

    def _select(self, where: str) -> list[Deletion]:
        found = self._db.execute(
            f"SELECT clip_id, {_EVENT}, package_sha256, who, deletions.reason, wall_ns, proved_wall_ns "  # noqa: S608
            f"FROM deletions JOIN clips ON id = clip_id WHERE {where} ORDER BY clip_id"
        )
        return [Deletion(*row) for row in found]


def _overwrite(path: Path) -> None:
    if path.is_symlink():
        return
    left = path.stat().st_size
    with path.open("r+b", buffering=0) as file:
        while left > 0:
            left -= file.write(bytes(min(left, BLOCK)))
        os.fsync(file.fileno())
