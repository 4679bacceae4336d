"""Whether the boards proved what they sent; what should be proved and is not is refused.

Rules of this file
- A clip is proved over its bytes as they are in the store, once it is whole and before anything is made of it: what is
  not proved must not take the pictures of what is.
- A clip that was cut short has no proof. It is no evidence either, and says that its board did not prove it.
- What is refused is in the audit log before anything else happens to it.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog
from structlog.typing import FilteringBoundLogger

from firmware.common import wire
from gateway.clips.contents import Parts
from gateway.errors import ChunkChanged
from gateway.link.proof import clip_proved
from gateway.service.board import BoardState
from gateway.store.audit import Audit
from gateway.store.records import ClipRecord
from gateway.store.states import ClipState
from gateway.store.store import Store
from gateway.store.thread import StoreThread

WHO: Final = "the gateway"
BOARD_REFUSED: Final = "board refused"
BOARD_UNPROVED: Final = "what is on its port did not prove that it is that board"
CLIP_REFUSED: Final = "clip refused"
CLIP_UNPROVED: Final = (
    "its board did not prove it: another device is on the cable, or its key is not that of the configuration"
)

log: FilteringBoundLogger = structlog.get_logger()


class Proofs:
    """Which clips in `store` their `boards` (by id) proved. Each is looked at once."""

    def __init__(self, store: StoreThread, boards: Mapping[str, BoardState]) -> None:
        self._store = store
        self._boards = boards
        self._known: dict[int, bool] = {}

    def wanted(self, board: str) -> bool:
        """Return whether the configuration has a key that `board` must prove itself with."""
        return board in self._boards and self._boards[board].key is not None

    async def proved(self, clip: ClipRecord) -> bool:
        """Return whether `clip` is whole and its board proved it."""
        board = self._boards.get(clip.board)
        if board is None or board.key is None or clip.state is not ClipState.COMPLETE:
            return False
        if clip.row not in self._known:
            parts = await self._store.do(lambda store: parts_of(store, clip.row))
            self._known[clip.row] = await asyncio.to_thread(
                clip_proved, board.key, clip.board, clip.boot, clip.clip, parts
            )
        return self._known[clip.row]

    async def refused(self, clip: ClipRecord, now_ns: int) -> bool:
        """Return whether `clip` is whole and should be proved and is not; then that is in the audit log.

        `StoreError` when that cannot be: nothing may be done with the clip then.
        """
        if clip.state is not ClipState.COMPLETE or not self.wanted(clip.board):
            return False
        try:
            if await self.proved(clip):
                return False
        except ChunkChanged:  # in the store: whoever seals it says so
            return False
        await note(self._store, CLIP_REFUSED, {"event": clip.event_id}, CLIP_UNPROVED, now_ns)
        return True


async def note(store: StoreThread, what: str, about: Mapping[str, str], reason: str, now_ns: int) -> None:
    """Put into the audit log that `about` was refused because of `reason`. `StoreError` when that cannot be."""
    log.error(what, why=reason, about=dict(about))
    audit = Audit(store.path)
    await asyncio.to_thread(audit.note, what, who=WHO, reason=reason, now_ns=now_ns, about=about)


def parts_of(store: Store, row: int) -> Parts:
    """Return the four parts of a clip as far as they are here."""
    return (
        store.part_bytes(row, wire.PART_EVENT),
        store.part_bytes(row, wire.PART_MEDIA),
        store.part_bytes(row, wire.PART_TRACE),
        store.part_bytes(row, wire.PART_SUMMARY),
    )
