"""The bytes of clips on their way: encrypted from the first one on, a key a clip, wrapped under the machine key.

Rules of this file
- A clip's key is made before its first byte is kept. It is in memory and, wrapped, in the table `clip_keys`; no
  copy of it is anywhere else. So a clip survives kill -9, and is gone when its key is: `destroy` does that, and
  nothing else does.
- Each row has a nonce of its own and is bound to its clip, part and place: a row that was changed, moved or taken
  from another clip does not open, and is named.
- ChaCha20-Poly1305 (RFC 8439): as quick on computers without AES instructions, as those of street cabinets are.
- The caller has a transaction open around what writes.
"""

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from gateway.errors import ChunkChanged, KeyFileError
from gateway.store import machine_key

NONCE_BYTES: Final = 12
PLACE: Final = ">BQ"  # part, first byte
PART_NAMES: Final = ("event", "sound or pictures", "trace", "summary")
_EVENT: Final = "board || '-' || boot || '-' || clip"


class Chunks:
    """The tables `chunks` and `clip_keys` of `db`; the machine key is the file `path`, made when it is needed."""

    def __init__(self, db: apsw.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._machine: ChaCha20Poly1305 | None = None

    def unlock(self) -> list[int]:
        """Read the machine key; return the clips whose own key does not open with it, because it was changed.

        `KeyFileError` when there is no machine key that can be trusted, or none of the clips' keys is under it.
        """
        self._machine, changed = self._load()
        return changed

    def append(self, row: int, part: int, start: int, data: bytes) -> None:
        """Keep `data`, the bytes of a clip from `start` of `part` on."""
        cipher = self._cipher(row) or self._new(row)
        sealed = _seal(cipher, data, struct.pack(PLACE, part, start))
        self._db.execute("INSERT INTO chunks VALUES (?, ?, ?, ?)", (row, part, start, sealed))

    def read(self, row: int, part: int, have: int) -> bytes:
        """Return the `have` bytes of a part that were kept; `ChunkChanged` when they are not here as they came."""
        # All at once: a question that was left half asked would keep the database from zeroing what is deleted.
        rows = self._db.execute(
            "SELECT start, data FROM chunks WHERE clip_id = ? AND part = ? ORDER BY start", (row, part)
        )
        found = list(rows)
        cipher = self._cipher(row)
        data = bytearray()
        for start, sealed in found:
            try:
                if cipher is None or start != len(data):
                    raise InvalidTag
                data += _open(cipher, sealed, struct.pack(PLACE, part, start))
            except InvalidTag:
                break
        if len(data) != have:
            where = f"{PART_NAMES[part]} from byte {len(data)} on"
            raise ChunkChanged(f"in the store its {where} is not what was received; check that disk")
        return bytes(data)

    def destroy(self, row: int) -> None:
        """Delete the bytes of a clip and its key: with that, what is left of them anywhere opens no more."""
        self._db.execute("DELETE FROM chunks WHERE clip_id = ?", (row,))
        self._db.execute("DELETE FROM clip_keys WHERE clip_id = ?", (row,))

    def _load(self) -> tuple[ChaCha20Poly1305, list[int]]:
        rows = [row for (row,) in self._db.execute("SELECT clip_id FROM clip_keys")]
        machine = ChaCha20Poly1305(machine_key.read_or_make(self._path, clips=len(rows)))
        changed = [row for row in rows if self._clip_cipher(machine, row) is None]
        if rows and changed == rows:
            raise KeyFileError(machine_key.not_this_one(self._path, len(rows)))
        return machine, changed

    def _unlocked(self) -> ChaCha20Poly1305:
        if self._machine is None:
            self._machine, _ = self._load()
        return self._machine

    def _cipher(self, row: int) -> ChaCha20Poly1305 | None:
        """Return the cipher of a clip, None when it has no key or not the one that was made for it."""
        return self._clip_cipher(self._unlocked(), row)

    def _clip_cipher(self, machine: ChaCha20Poly1305, row: int) -> ChaCha20Poly1305 | None:
        # Asked each time: a key that a transaction made and did not keep must not be used again.
        found = self._db.execute(
            f"SELECT {_EVENT}, wrapped FROM clip_keys JOIN clips ON id = clip_id WHERE id = ?",  # noqa: S608
            (row,),
        )
        for event, wrapped in list(found):
            with suppress(InvalidTag):
                return ChaCha20Poly1305(_open(machine, wrapped, event.encode()))
        return None

    def _new(self, row: int) -> ChaCha20Poly1305:
        machine, key = self._unlocked(), ChaCha20Poly1305.generate_key()
        ((event,),) = self._db.execute(f"SELECT {_EVENT} FROM clips WHERE id = ?", (row,))  # noqa: S608
        self._db.execute(
            "INSERT INTO clip_keys VALUES (?, ?) ON CONFLICT DO UPDATE SET wrapped = excluded.wrapped",
            (row, _seal(machine, key, event.encode())),
        )
        return ChaCha20Poly1305(key)


def _seal(cipher: ChaCha20Poly1305, data: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, data, bound_to)


def _open(cipher: ChaCha20Poly1305, sealed: bytes, bound_to: bytes) -> bytes:
    if len(sealed) < NONCE_BYTES:
        raise InvalidTag
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
