"""The store: clips on their way, their bytes, and what became of them. Synchronous; one thread only.

Rules of this file
- Every public method is one transaction: when it returns, what it did is durable.
- A clip's state changes in `_move` and nowhere else; each change is in the audit log before it is committed.
- A clip's bytes lie encrypted from the first one on (chunks.py). They are deleted, and their key destroyed, in
  the transaction that makes them superfluous, and zeroed on the disk.
- A full disk is `DiskFull` and changes nothing. Any other error of the disk is `DurabilityError`: it is
  not known what was written, so the process must end; opening the store again is the recovery.
"""

import hashlib
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from firmware.common import wire
from gateway.errors import ChunkChanged, DurabilityError, StoreError
from gateway.link.transfer import Piece, runs
from gateway.store import machine_key
from gateway.store.audit import LONGEST, Audit
from gateway.store.calibrations import Calibrations
from gateway.store.chunks import Chunks
from gateway.store.deletions import GATEWAY, Deletions
from gateway.store.elapsed import Elapsed
from gateway.store.faults import faults, identity, transaction
from gateway.store.manifests import Manifests
from gateway.store.records import Balance, ClipRecord, PartRecord, Sealed
from gateway.store.schema import connect
from gateway.store.states import GONE, UNSEALED, ClipState, Step, after

FILE_NAME = "index.sqlite3"
PACKAGES = "packages"
_COLUMNS = "id, " + ", ".join(field.name for field in fields(ClipRecord) if field.name != "row")


class Store:
    """The store in directory `path`, which is made when it is not there; `key` is the file of the machine key."""

    def __init__(
        self,
        path: Path,
        key: Path | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.path = path
        self.packages = path / PACKAGES
        self.audit = Audit(path)
        with faults(self.path):
            self.packages.mkdir(parents=True, exist_ok=True)
            self._db = connect(path / FILE_NAME)
            self._identity = identity(path / FILE_NAME)
        self._chunks = Chunks(self._db, key or path / machine_key.FILE_NAME)
        self._forget_deleted()  # what a program that was killed had deleted a moment before
        self.calibrations = Calibrations(self._db, self._transaction, self.audit)
        self.manifests = Manifests(self._db, self._transaction)
        self.elapsed = Elapsed(self._db, self._transaction, monotonic_ns)
        self.deletions = Deletions(self._db, self._transaction, self.packages, self.audit)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    def must_be_there(self) -> None:
        """Raise `DurabilityError` when what is at its path is not this store: a disk that is away holds no clip."""
        if identity(self.path / FILE_NAME) != self._identity:
            raise DurabilityError(f"{self.path}: the store is away; mount its disk, start again")

    def unlock(self, now_ns: int) -> None:
        """Read the machine key, now instead of when it is needed; `KeyFileError` when it is not the one.

        A clip that nobody can open any more, because its own key was changed, is lost.
        """
        with self._transaction():
            for row in self._chunks.unlock():
                self._move(row, Step.LOSE, now_ns, reason="in the store its key was changed; check that disk")
        self._forget_deleted()

    # -- receiving

    def board_seen(self, board: str, boot: int, kind: str, hello: str, now_ns: int) -> list[ClipRecord]:
        """Note that `board` runs as `boot`; return the clips of other boots that are cut short by that."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO boots VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET hello = excluded.hello, "
                "seen_wall_ns = excluded.seen_wall_ns",
                (board, boot, kind, hello, now_ns),
            )
            cut = self._select(
                "board = ? AND boot != ? AND state = ?", (board, boot, str(ClipState.RECEIVING))
            )
            for clip in cut:
                self._move(clip.row, Step.CUT, now_ns, reason="the board restarted before it was all sent")
        return cut

    def hello_of(self, board: str, boot: int | None = None) -> str | None:
        """Return the newest HELLO (JSON) of that boot of `board`, or of any."""
        for (text,) in self._db.execute(
            "SELECT hello FROM boots WHERE board = ? AND boot = coalesce(?, boot) "
            "ORDER BY seen_wall_ns DESC, boot DESC LIMIT 1",
            (board, boot),
        ):
            return str(text)
        return None

    def keep(self, board: str, kind: str, pieces: Sequence[Piece], now_ns: int) -> list[ClipRecord]:
        """Make `pieces` durable; return the clips that are complete with them.

        `StoreError` when a piece does not follow what is here, which is a mistake of the caller.
        """
        with self._transaction():
            rows: dict[int, None] = {}
            for run in runs(pieces):
                row = self._row_of(board, kind, run, now_ns)
                self._append(row, run)
                rows[row] = None
            complete = [row for row in rows if self._whole(row)]
            for row in complete:
                self._move(row, Step.LAST_BYTE, now_ns)
        return [self.clip(row) for row in complete]

    def note_lost(self, board: str, boot: int, clip: int, kind: str, reason: str, now_ns: int) -> ClipRecord:
        """Note that the board gave up a clip; what is here of it stays, as partial. Complete clips are untouched."""
        with self._transaction():
            known = self._select("board = ? AND boot = ? AND clip = ?", (board, boot, clip))
            if not known:
                row = self._insert(board, boot, clip, kind, now_ns)
                self._move(row, Step.LOSE, now_ns, reason=reason)
            else:
                row = known[0].row
                if known[0].state is ClipState.RECEIVING:
                    self._move(row, Step.CUT, now_ns, reason=f"the board gave it up: {reason}")
        return self.clip(row)

    # -- reading

    def clip(self, row: int) -> ClipRecord:
        """Return one clip."""
        return self._select("id = ?", (row,))[0]

    def clips(self, *, board: str | None = None, boot: int | None = None) -> list[ClipRecord]:
        """Return all clips, or those of a board, or of one boot of it; oldest first."""
        if board is None:
            return self._select("TRUE", ())
        if boot is None:
            return self._select("board = ?", (board,))
        return self._select("board = ? AND boot = ?", (board, boot))

    def in_states(self, states: Iterable[ClipState]) -> list[ClipRecord]:
        """Return the clips in any of `states`, oldest first."""
        wanted = [str(state) for state in states]
        return self._select(f"state IN ({', '.join('?' * len(wanted))})", tuple(wanted))

    def taken_since(self, at_ns: int) -> int:
        """Return how many sounds were taken over after `at_ns` of the store's time."""
        found = self._db.execute(
            "SELECT count(*) FROM clips WHERE kind = 'sensor' AND state != 'lost' AND accepted_at_ns > ?",
            (at_ns,),
        )
        return int(found.get)

    def parts(self, row: int) -> list[PartRecord]:
        """Return what is durable of a clip's parts, lowest part first; parts without a byte are left out."""
        found = self._db.execute(
            "SELECT part, have, total FROM parts WHERE clip_id = ? ORDER BY part", (row,)
        )
        return [PartRecord(part, have, total) for part, have, total in found]

    def part_bytes(self, row: int, part: int) -> bytes:
        """Return the bytes of a part that are here, from its start; `ChunkChanged` when one is not as it came."""
        have = next((known.have for known in self.parts(row) if known.part == part), 0)
        return self._chunks.read(row, part, have) if self.clip(row).state in UNSEALED else b""

    def fact(self, name: str) -> str:
        """Return a fact: `accepted` is how many clips ever were."""
        for (value,) in self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)):
            return str(value)
        raise StoreError(f"the store knows no fact {name}")

    def balance(self) -> Balance:
        """Return how many clips were accepted and where they are now."""
        counts = dict.fromkeys(ClipState, 0)
        for state, count in self._db.execute("SELECT state, count(*) FROM clips GROUP BY state"):
            counts[ClipState(state)] = count
        return Balance(int(self.fact("accepted")), counts)

    # -- from complete to delivered

    def note_event(
        self, row: int, *, keep_ns: int, keep_uncertainty_ns: int, trigger_wall_ns: int | None
    ) -> None:
        """Note when the KEEP edge of a clip was, in the gateway's time, and how sure that is."""
        with self._transaction():
            self._db.execute(
                "UPDATE clips SET keep_ns = ?, keep_uncertainty_ns = ?, trigger_wall_ns = "
                "coalesce(?, trigger_wall_ns) WHERE id = ?",
                (keep_ns, keep_uncertainty_ns, trigger_wall_ns, row),
            )

    def seal(self, row: int, camera_row: int | None, sealed: Sealed, now_ns: int) -> None:
        """Note that the package of a sensor clip (and of the camera clip in it) is durable; delete their bytes."""
        with self._transaction():
            self._db.execute(
                "UPDATE clips SET package = ?, package_sha256 = ?, summary = ? WHERE id = ?",
                (sealed.package, sealed.sha256, sealed.summary.model_dump_json(), row),
            )
            self._move(row, Step.SEAL, now_ns)
            if camera_row is not None:
                self._move(camera_row, Step.JOIN, now_ns)
            self.manifests.add(sealed.manifest_sha256)
        self._forget_deleted()

    def deliver(self, row: int, now_ns: int) -> None:
        """Note that the package of a clip is at its target."""
        with self._transaction():
            self._move(row, Step.DELIVER, now_ns)

    def end(self, row: int, step: Step, reason: str, now_ns: int, who: str = GATEWAY) -> None:
        """Note that a clip ends without a package (DISCARD, LOSE) or is deleted (EXPIRE, DELETE), by whom and why.

        When it returns nothing of the clip is left, and that was shown (deletions.py). `StoreError` when something is.
        """
        with self._transaction():
            self._move(row, step, now_ns, reason=reason, who=who)
        with faults(self.path):
            self.deletions.finish(now_ns)

    # -- inside

    def _row_of(self, board: str, kind: str, piece: Piece, now_ns: int) -> int:
        known = self._select("board = ? AND boot = ? AND clip = ?", (board, piece.boot, piece.clip))
        if not known:
            return self._insert(board, piece.boot, piece.clip, kind, now_ns)
        if known[0].state is not ClipState.RECEIVING:
            raise StoreError(f"clip {known[0].event_id} is {known[0].state} and takes no more bytes")
        return known[0].row

    def _insert(self, board: str, boot: int, clip: int, kind: str, now_ns: int) -> int:
        self._db.execute(
            "INSERT INTO clips (board, boot, clip, kind, state, accepted_wall_ns, changed_wall_ns, accepted_at_ns) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (board, boot, clip, kind, str(ClipState.RECEIVING), now_ns, now_ns, self.elapsed.now_ns()),
        )
        row = self._db.last_insert_rowid()
        self._note(row, GATEWAY, "its board began to send it", now_ns)
        self._db.execute("UPDATE facts SET value = CAST(value AS INTEGER) + 1 WHERE name = 'accepted'")
        return row

    def _append(self, row: int, piece: Piece) -> None:
        here = next((part for part in self.parts(row) if part.part == piece.part), None)
        have = 0 if here is None else here.have
        if piece.offset != have:
            raise StoreError(f"part {piece.part} has {have} bytes, a piece begins at {piece.offset}")
        if piece.data:
            self._chunks.append(row, piece.part, have, piece.data)
        have += len(piece.data)
        self._db.execute(
            "INSERT INTO parts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET have = excluded.have, "
            "total = coalesce(excluded.total, total)",
            (row, piece.part, have, piece.total),
        )
        if piece.part == wire.PART_EVENT and piece.total == have:
            with suppress(ChunkChanged):  # it is said when the clip is to be sealed
                digest = hashlib.sha256(self.part_bytes(row, wire.PART_EVENT)).hexdigest()
                self._db.execute("UPDATE clips SET event_sha256 = ? WHERE id = ?", (digest, row))

    def _whole(self, row: int) -> bool:
        parts = self.parts(row)
        return len(parts) == wire.PARTS and all(part.have == part.total for part in parts)

    def _move(self, row: int, step: Step, now_ns: int, *, reason: str = "", who: str = GATEWAY) -> None:
        state = after(self.clip(row).state, step)
        self._db.execute(
            "UPDATE clips SET state = ?, changed_wall_ns = ?, reason = CASE WHEN ? = '' THEN reason ELSE ? END "
            "WHERE id = ?",
            (str(state), now_ns, reason, reason, row),
        )
        if state not in UNSEALED:
            self._chunks.destroy(row)
        if state in GONE:
            self.deletions.add(row, who, reason, now_ns)
        self._note(row, who, reason or step.value, now_ns)

    def _note(self, row: int, who: str, reason: str, now_ns: int) -> None:
        clip = self.clip(row)
        about = {"event": clip.event_id} | (
            {} if clip.package_sha256 is None else {"package": clip.package_sha256}
        )
        self.audit.note(f"clip {clip.state}", who=who, reason=reason[:LONGEST], now_ns=now_ns, about=about)

    def _select(self, where: str, values: tuple[int | str, ...]) -> list[ClipRecord]:
        # `where` is written in this file; values never enter the text.
        found = self._db.execute(f"SELECT {_COLUMNS} FROM clips WHERE {where} ORDER BY id", values)  # noqa: S608
        rows: list[list[Any]] = [[*row[:5], ClipState(row[5]), *row[6:]] for row in found]
        return [ClipRecord(*row) for row in rows]

    def _forget_deleted(self) -> None:
        """Write the zeros over the deleted bytes now: the log of the database would keep them for a while."""
        with faults(self.path):
            self._db.pragma("wal_checkpoint", "TRUNCATE")

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with transaction(self.path, self._db):
            yield
