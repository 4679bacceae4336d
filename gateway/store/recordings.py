"""Recordings of labelled sessions: a folder of sounds and their manifest.csv, each with the day on which it is deleted.

Rules of this file
- A sound counts when the manifest names it; a sound of ours that it does not name is what a power cut left, and goes.
- Nothing stays longer than the city promised: the running gateway deletes what has expired in every folder it was told
  of, and `stalenstraat record forget` does it where a folder was taken elsewhere.
- The manifest is written aside and renamed: it is there whole or as it was.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from gateway.config import MAX_RETENTION_DAYS
from gateway.errors import StoreError
from gateway.evidence.durably import sync_directory, write_durably
from gateway.timing import SECOND_NS, iso_utc

MANIFEST = "manifest.csv"
FOLDERS = "recordings.txt"  # in the store: where the recordings of this cabinet lie
KEEP_NS = MAX_RETENTION_DAYS * 24 * 3600 * SECOND_NS
TEMPORARY = ".new"


@dataclass(frozen=True, slots=True)
class Recording:
    """A line of the manifest: columns as `stalenstraat signature learn` reads them, and three more."""

    file: str
    label: str
    class_: str
    source: str
    group: str
    time: str
    lafmax_db: str
    expires: str


COLUMNS = [field.name.rstrip("_") for field in fields(Recording)]


class Recordings:
    """The recordings in `folder`, which is made when it is not there; `StoreError` when it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest = folder / MANIFEST
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(folder, error) from None
        self._rows = self._read()

    def add(self, sound: bytes, recording: Recording) -> None:
        """Keep `sound` (a FLAC file) as `recording.file`; when this returns both it and its line are on the disk."""
        try:
            temporary = self.folder / (recording.file + TEMPORARY)
            write_durably(temporary, sound)
            temporary.replace(self.folder / recording.file)
        except OSError as error:
            raise _unusable(self.folder, error) from None
        row = dict(zip(COLUMNS, asdict(recording).values(), strict=True))
        self._write([*self._rows, row])

    def expired(self, now_ns: int) -> list[str]:
        """Return the names of the files that have expired at `now_ns`."""
        return [row["file"] for row in self._rows if row["expires"] <= iso_utc(now_ns)]

    def forget_expired(self, now_ns: int) -> list[str]:
        """Delete what has expired at `now_ns`; return the names of the files."""
        gone = self.expired(now_ns)
        try:
            for name in gone:
                (self.folder / Path(name).name).unlink(missing_ok=True)
            named = {row["file"] for row in self._rows}
            for path in self.folder.glob("*_*Z_*.flac*"):
                if path.name not in named:
                    path.unlink()
        except OSError as error:
            raise _unusable(self.folder, error) from None
        if gone:
            self._write([row for row in self._rows if row["file"] not in gone])
        return gone

    def _read(self) -> list[dict[str, str]]:
        try:
            with self._manifest.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                if list(reader.fieldnames or ()) != COLUMNS:
                    raise StoreError(
                        f"{self._manifest}: not written by `stalenstraat record`; give it a folder of its own"
                    )
                return list(reader)
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise _unusable(self._manifest, error) from None

    def _write(self, rows: Sequence[dict[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        temporary = self.folder / (MANIFEST + TEMPORARY)
        try:
            write_durably(temporary, text.getvalue().encode())
            temporary.replace(self._manifest)
            sync_directory(self.folder)
        except OSError as error:
            raise _unusable(self.folder, error) from None
        self._rows = list(rows)


def remember(store: Path, folder: Path) -> None:
    """Note in the store that recordings lie in `folder`, so that the running gateway deletes them in time."""
    known = folders(store)
    if folder.absolute() in known:
        return
    try:
        store.mkdir(parents=True, exist_ok=True)
        write_durably(
            store / (FOLDERS + TEMPORARY),
            "".join(f"{each}\n" for each in [*known, folder.absolute()]).encode(),
        )
        (store / (FOLDERS + TEMPORARY)).replace(store / FOLDERS)
    except OSError as error:
        raise _unusable(store, error) from None


def folders(store: Path) -> list[Path]:
    """Return the folders that were noted."""
    try:
        return [Path(line) for line in (store / FOLDERS).read_text(encoding="utf-8").splitlines() if line]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(store / FOLDERS, error) from None


def _unusable(path: Path, error: Exception) -> StoreError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return StoreError(f"{path}: cannot be used ({reason}); check path, rights and room")
