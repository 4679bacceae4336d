"""What the gateway notes of how far a board's levels can be trusted: its calibrations, and its self-check passing.

Rules of this file
- A record that a board shows and the store does not know yet is kept, whenever the board was calibrated.
- The self-check passes in a second in which it found nothing but what is no fault of the microphone.
- That is noted in memory each second, in the store once in `NOTE_NS`: a restart of this program makes the check look
  that much older, against days that are allowed.
"""

import structlog
from structlog.typing import FilteringBoundLogger

from gateway.link.messages import Hello, Second
from gateway.service.board import BoardState
from gateway.store.thread import StoreThread
from gateway.timing import SECOND_NS

# Names of `checks` (docs/protocol.md): too loud a sound, lost samples and a damaged calibration are said elsewhere.
NO_FAULTS = frozenset({"range", "i2s", "calibration"})
NOTE_NS = 3600 * SECOND_NS

log: FilteringBoundLogger = structlog.get_logger()


async def note_records(hello: Hello, store: StoreThread, now_ns: int) -> None:
    """Keep the calibration and the check that `hello` shows."""
    records = [each for each in (hello.calibration, hello.calibration_check) if each is not None]
    if not records:
        return
    new = await store.do(lambda opened: opened.calibrations.note(hello.id, hello.uid, records, now_ns))
    if new:
        log.info("calibration noted", board=hello.id, time=records[-1].time, drift_db=records[-1].drift_db)


async def note_second(board: BoardState, second: Second, store: StoreThread, now_ns: int) -> None:
    """Note that the self-check of `board` passes, when it does."""
    if board.kind != "sensor" or not NO_FAULTS.issuperset(second.checks):
        return
    board.passed_wall_ns = now_ns
    if board.passed_noted_ns is None or abs(now_ns - board.passed_noted_ns) > NOTE_NS:
        board.passed_noted_ns = now_ns
        await store.do(lambda opened: opened.calibrations.note_passed(board.id, now_ns))


async def last_passed_ns(board: BoardState | None, board_id: str, store: StoreThread) -> int | None:
    """Return when the self-check of a board last passed, as far as it is known."""
    if board is not None and board.passed_wall_ns is not None:
        return board.passed_wall_ns
    return await store.do(lambda opened: opened.calibrations.last_passed_ns(board_id))
