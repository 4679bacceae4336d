"""The part of the store that outlives every clip: calibrations, checks, and when a board's self-check last passed.

Rules of this file
- A record is known by board, serial number, time and kind; noting one twice changes nothing. None is ever deleted.
- What is new is in the audit log before it is committed.
- Every public method is one transaction, as in store.py.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import apsw

from gateway.link.calibration import CalibrationRecord
from gateway.store.audit import Audit


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record of the microphone board `board` with the serial number `uid`."""

    board: str
    uid: str
    record: CalibrationRecord


class Calibrations:
    """Made by `Store`, with its database and its way to make a transaction."""

    def __init__(
        self, db: apsw.Connection, transaction: Callable[[], AbstractContextManager[None]], audit: Audit
    ) -> None:
        self._db = db
        self._transaction = transaction
        self._audit = audit

    def note(self, board: str, uid: str, records: Iterable[CalibrationRecord], now_ns: int) -> int:
        """Keep those of `records` that are not known yet; return how many were new."""
        new = 0
        with self._transaction():
            for record in records:
                self._db.execute(
                    "INSERT OR IGNORE INTO calibrations VALUES (?, ?, ?, ?, ?, ?)",
                    (board, uid, record.time, record.kind, record.model_dump_json(), now_ns),
                )
                if self._db.changes():
                    new += 1
                    self._audit.note(
                        f"{record.kind} of a microphone",
                        who=record.calibrator or "the technician",
                        reason="its board shows it",
                        now_ns=now_ns,
                        about={
                            "board": board,
                            "uid": uid,
                            "made": record.time,
                            "offset_db": record.offset_db,
                        },
                    )
        return new

    def all(self, board: str | None = None) -> list[KnownRecord]:
        """Return what is known of all boards, or of one; oldest first."""
        found = self._db.execute(
            "SELECT board, uid, record FROM calibrations WHERE board = coalesce(?, board) ORDER BY board, time",
            (board,),
        )
        return [
            KnownRecord(str(name), str(uid), CalibrationRecord.model_validate_json(text))
            for name, uid, text in found
        ]

    def note_passed(self, board: str, now_ns: int) -> None:
        """Note that the self-check of `board` passes at `now_ns`."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO self_checks VALUES (?, ?) ON CONFLICT DO UPDATE SET passed_wall_ns = "
                "excluded.passed_wall_ns",
                (board, now_ns),
            )

    def last_passed_ns(self, board: str) -> int | None:
        """Return when the self-check of `board` last passed; None when it never did."""
        for (value,) in self._db.execute("SELECT passed_wall_ns FROM self_checks WHERE board = ?", (board,)):
            return int(value)
        return None
