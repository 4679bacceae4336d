"""When the KEEP edge of each clip was, in the gateway's time: what sound and pictures are matched by.

Rules of this file
- An edge is noted as soon as the event part is here and the board's clock is known, and noted again when the
  clip is complete: the clock model has seen more by then.
- It is stored: after a restart of this program, with the boards gone, clips can still be matched.
- A board that has restarted since cannot say anything about its clips any more; what was stored stays.
"""

import structlog
from structlog.typing import FilteringBoundLogger

from firmware.common import wire
from gateway.clips.matching import Edge
from gateway.errors import ChunkChanged, RemoteProtocolError
from gateway.link.messages import CameraEvent, SensorEvent, parse
from gateway.service.board import BoardState
from gateway.service.host_time import HostTime
from gateway.store.records import ClipRecord
from gateway.store.states import UNSEALED
from gateway.store.thread import StoreThread

log: FilteringBoundLogger = structlog.get_logger()


class Edges:
    """Notes the edges of clips in `store` by the clocks of `boards`."""

    def __init__(self, store: StoreThread, boards: dict[str, BoardState], time: HostTime) -> None:
        self._store = store
        self._boards = boards
        self._time = time

    async def note(self, clip: ClipRecord) -> None:
        """Note when the KEEP edge of `clip` was, if its event has arrived and its board's clock is known."""
        board = self._boards.get(clip.board)
        clock = None if board is None else board.clock_for(clip.boot)
        if clock is None or clip.event_sha256 is None or clip.state not in UNSEALED:
            return
        trigger_ns: int | None = None
        try:
            event = await self._store.do(lambda store: store.part_bytes(clip.row, wire.PART_EVENT))
            if clip.kind == "sensor":
                said = parse(SensorEvent, event)
                keep = said.keep
                trigger_ns = self._time.wall_of_ns(clock.to_host_ns(said.trigger))
            else:
                keep = parse(CameraEvent, event).keep
        except (RemoteProtocolError, ChunkChanged) as error:
            log.warning("event of a clip cannot be read", clip=clip.event_id, why=str(error))
            return
        keep_ns, uncertainty_ns = self._time.gateway_ns(clock.to_host_ns(keep)), clock.uncertainty_ns(keep)
        await self._store.do(
            lambda store: store.note_event(
                clip.row, keep_ns=keep_ns, keep_uncertainty_ns=uncertainty_ns, trigger_wall_ns=trigger_ns
            )
        )


def edge_of(clip: ClipRecord) -> Edge | None:
    """Return the edge that was noted of `clip`, or None."""
    if clip.keep_ns is None or clip.keep_uncertainty_ns is None:
        return None
    return Edge(clip.row, clip.keep_ns, clip.keep_uncertainty_ns)
