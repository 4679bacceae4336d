"""What was done in this cabinet and by whom: `audit.jsonl` in the store, one JSON object a line, chained by hashes.

Rules of this file
- Lines are only ever added. An entry is on the disk before what it announces is done.
- Who did it and why are never empty. No sound, no figure of a sound: names, reasons, hashes, counts.
- An entry is canonical JSON (RFC 8785). Its `previous` is the SHA-256 of all that stands in the file from the entry
  before it on: whatever was changed, taken away or put in between two entries is found by the later one (`check`).
  So a log of before there was a chain is covered by the first entry that has one.
- A line that a power cut left half written stays as it is; the next one begins on a line of its own, and covers it.
- Several programs may write: each holds a lock on the file while it does.

What a chain alone cannot show: who can write the file can write all of it again, or take the newest entries away. The
SHA-256 of the newest entry, noted elsewhere, shows that too (`check` with `noted`).
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import rfc8785

from gateway.errors import DiskFull, StoreError
from gateway.evidence.package import NO_ROOM
from gateway.timing import iso_utc

FILE_NAME = "audit.jsonl"
LONGEST = 200  # characters of a name or a reason
LOOK_BACK = 65536  # bytes: entries have some hundreds
SHA256 = re.compile(r"[0-9a-f]{64}")
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chain:
    """What `check` found. `broken` is where the chain does not hold, in words; None when it does.

    `entries` counts those in the chain, `before` lines of before there was one, `torn` lines that a power cut left.
    `newest` is the SHA-256 of the newest entry, "" without one.
    """

    entries: int
    before: int
    torn: int
    newest: str
    broken: str | None


class Audit:
    """The log in the store at `store`, a directory that is made when it is not there."""

    def __init__(self, store: Path) -> None:
        self.path = store / FILE_NAME

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
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                end = file.seek(0, os.SEEK_END)
                since = _since_newest(file, end)
                gap = b"\n" if since and not since.endswith(b"\n") else b""
                line = _spelt({**entry, "previous": hashlib.sha256(since + gap).hexdigest()})
                file.write(gap + line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if error.errno in NO_ROOM:
                raise DiskFull(f"{self.path}: no room on the disk; make room, nothing is lost") from None
            raise StoreError(
                f"{self.path}: cannot be written ({error.strerror}); nothing is done that is not in it"
            ) from None

    def entries(self) -> list[Entry]:
        """Return the entries, oldest first; what a power cut left half written is left out."""
        return [entry for line in self._read().split(b"\n") if (entry := _entry(line)) is not None]

    def check(self, noted: str = "") -> Chain:
        """Say whether the chain holds, and whether the entry with the SHA-256 `noted` is in it."""
        if not self.path.exists():
            raise StoreError(f"{self.path}: there is no audit log; is the store mounted, and the path right?")
        return check(self._read(), noted)

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreError(
                f"{self.path}: cannot be read ({error.strerror}); check path and rights"
            ) from None


def check(data: bytes, noted: str = "") -> Chain:
    """Return whether the chain of the log with the bytes `data` holds, and up to where when it does not."""
    entries = before = torn = at = 0
    start, first = 0, 1  # byte and line of the entry before
    loose = 0  # a line that ends, is no entry, and that no entry covers: no power cut leaves that
    newest, known = "", not noted

    def found(broken: str | None) -> Chain:
        return Chain(entries, before, torn, newest, broken)

    for number, line in enumerate(data.split(b"\n"), start=1):
        entry = _entry(line)
        if entry is not None and _chained(entry):
            if hashlib.sha256(data[start:at]).hexdigest() != entry["previous"]:
                what = f"line {number} ({entry.get('what')}, {entry.get('time')})"
                stood = f"from line {first} on" if at else "there"
                return found(
                    f"before {what} not all is as it stood {stood} when that was written: changed, taken away "
                    "or put in"
                )
            if _spelt(entry) != line:
                return found(f"line {number} is not as this program writes it")
            entries, newest = entries + 1, hashlib.sha256(line).hexdigest()
            start, first, loose = at, number, 0
            known = known or newest == noted
        elif entry is not None and entries:
            return found(f"line {number} was put in: it is no part of the chain")
        elif line:
            before += entry is not None
            torn += entry is None
            loose = number if entry is None and at + len(line) < len(data) else loose
        at += len(line) + 1
    if loose:
        return found(f"line {loose} is no entry: what stood there was changed")
    return found(None if known else f"no entry has the SHA-256 {noted}: entries were changed or taken away")


def _since_newest(file: BinaryIO, end: int) -> bytes:
    """Return the bytes of `file` from its newest entry on, up to `end`: all of them when there is none in the chain."""
    size = LOOK_BACK
    while True:
        begin = max(end - size, 0)
        file.seek(begin)
        data = file.read(end - begin)
        stop = len(data)
        while stop > 0:
            start = data.rfind(b"\n", 0, stop - 1) + 1
            if start == 0 and begin:
                break  # its beginning may lie further back
            entry = _entry(data[start:stop].removesuffix(b"\n"))
            if entry is not None and _chained(entry):
                return data[start:]
            stop = start
        if begin == 0:
            return data
        size *= 4


def _entry(line: bytes) -> Entry | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return cast("Entry", value) if isinstance(value, dict) else None


def _chained(entry: Entry) -> bool:
    return isinstance(entry.get("previous"), str) and bool(SHA256.fullmatch(entry["previous"]))


def _spelt(entry: Mapping[str, Any]) -> bytes:
    try:
        return rfc8785.dumps(dict(entry))
    except rfc8785.CanonicalizationError as error:
        raise StoreError(f"the audit log cannot spell this: {error}") from None
