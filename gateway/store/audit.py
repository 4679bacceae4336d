"""What people did to the promises of this cabinet: `audit.jsonl` in the store, one JSON object a line.

Rules of this file
- Lines are only ever added. An entry is on the disk before what it announces is done.
- Who did it and why are never empty. No sound, no figure of a sound: names, reasons, hashes, counts.
- A line that a power cut left half written stays as it is; the next one begins on a line of its own.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.errors import StoreError
from gateway.timing import iso_utc

FILE_NAME = "audit.jsonl"
LONGEST = 200  # characters of a name or a reason


class Audit:
    """The log in the store at `store`, a directory that is made when it is not there."""

    def __init__(self, store: Path) -> None:
        self._path = store / FILE_NAME

    def note(
        self, what: str, *, who: str, reason: str, now_ns: int, about: Mapping[str, object] | None = None
    ) -> None:
        """Add an entry: `what` was done by `who` because of `reason`; `about` has its particulars.

        `StoreError` when it is not on the disk then: what it announces must not be done.
        """
        said = {name: " ".join(text.split()) for name, text in (("who", who), ("reason", reason))}
        for name, text in said.items():
            if not 0 < len(text) <= LONGEST:
                raise StoreError(f"{name}: write 1 to {LONGEST} characters: the audit log keeps it")
        entry = {**(about or {}), **said, "what": what, "time": iso_utc(now_ns)}
        line = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+") as file:
                file.seek(0, os.SEEK_END)
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    line = line if file.read(1) == b"\n" else b"\n" + line
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"{self._path}: cannot be written ({error.strerror}); nothing is done that is not in it"
            ) from None

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries, oldest first; what a power cut left half written is left out."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        found: list[dict[str, Any]] = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found
