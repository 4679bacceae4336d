"""How far the clips of one boot have come: which bytes to keep, what to acknowledge. Pure.

Rules of this file
- A part is kept as one run of bytes from 0: a chunk that starts beyond it waits for the board to go back
  (it does after a second), one that ends inside it changes nothing.
- `accept` counts bytes as taken; they count as durable only after `committed`. Acknowledgements speak of
  durable bytes only.
- A total that changes, or a byte beyond it, is the board's mistake: `RemoteProtocolError`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from firmware.common import wire
from gateway.errors import RemoteProtocolError, StoreError
from gateway.link.events import ChunkReceived


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to be kept: `data` of `part` of `clip` from `offset`; `total` is None while it is not known."""

    boot: int
    clip: int
    part: int
    offset: int
    data: bytes
    total: int | None


@dataclass(slots=True)
class PartProgress:
    """Bytes of a part, all counted from its start."""

    taken: int = 0
    durable: int = 0
    total: int | None = None

    @property
    def whole(self) -> bool:
        """True when the last byte is durable."""
        return self.total is not None and self.durable == self.total


@dataclass(slots=True)
class ClipProgress:
    """The four parts of a clip on its way."""

    parts: list[PartProgress] = field(default_factory=lambda: [PartProgress() for _ in range(wire.PARTS)])

    @property
    def whole(self) -> bool:
        """True when every part is durable."""
        return all(part.whole for part in self.parts)

    @property
    def taken_bytes(self) -> int:
        """Return the bytes that have arrived."""
        return sum(part.taken for part in self.parts)

    @property
    def known_bytes(self) -> int:
        """Return the bytes the board has announced so far."""
        return sum(part.taken if part.total is None else part.total for part in self.parts)

    def accept(self, chunk: ChunkReceived) -> Piece | None:
        """Return what of `chunk` is new and fits; None when nothing is.

        A chunk that only says the total, without a byte, is new the first time.
        """
        part = self.parts[chunk.part]
        end = chunk.offset + len(chunk.data)
        if part.total is not None and (end > part.total or chunk.total not in (None, part.total)):
            raise RemoteProtocolError(
                f"clip {chunk.clip} part {chunk.part} was {part.total} bytes and is now {chunk.total}"
            )
        if chunk.total is not None and chunk.total < part.taken:
            raise RemoteProtocolError(
                f"clip {chunk.clip} part {chunk.part} ends at {chunk.total}, {part.taken} bytes are here"
            )
        news = part.total is None and chunk.total is not None
        if chunk.offset > part.taken or (end <= part.taken and not news):
            return None
        data = chunk.data[part.taken - chunk.offset :]
        piece = Piece(chunk.boot, chunk.clip, chunk.part, part.taken, data, chunk.total)
        part.taken += len(data)
        part.total = chunk.total if news else part.total
        return piece

    def committed(self, piece: Piece) -> None:
        """Note that `piece` is durable."""
        part = self.parts[piece.part]
        part.durable = max(part.durable, piece.offset + len(piece.data))


def runs(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Join pieces that follow each other in a part: one row of the database instead of many."""
    waiting: dict[tuple[int, int, int], Piece] = {}
    for piece in pieces:
        key = (piece.boot, piece.clip, piece.part)
        before = waiting.get(key)
        if before is None:
            waiting[key] = piece
            continue
        if before.offset + len(before.data) != piece.offset:
            raise StoreError(f"pieces of clip {piece.clip} part {piece.part} do not follow each other")
        total = before.total if piece.total is None else piece.total
        waiting[key] = Piece(*key, before.offset, before.data + piece.data, total)
    yield from waiting.values()
