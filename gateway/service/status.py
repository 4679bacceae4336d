"""What the gateway shows of itself, as plain values for JSON: the live view, the web page, tests."""

from dataclasses import asdict
from typing import TypedDict

from gateway.service.board import BoardState
from gateway.service.percentiles import HOUR_S, TEN_MINUTES_S
from gateway.store.records import ClipRecord, SealedSummary
from gateway.store.states import ClipState
from gateway.timing import iso_utc


class Transfer(TypedDict):
    """A clip on its way. `total` grows while parts are announced."""

    clip: int
    received: int
    total: int


class Exceeding(TypedDict):
    """Percentile levels in dB(A) over `over_s` seconds; `frames` counted, `left_out` because of a flag."""

    la10_db: float
    la50_db: float
    la90_db: float
    la95_db: float
    over_s: float
    frames: int
    left_out: int


class BoardStatus(TypedDict):
    """One board. Levels in dB of the newest 125 ms, score of the newest second.

    `ten_minutes` and `hour` are None until a minute has been heard since the board started.
    """

    id: str
    kind: str
    port: str
    connected: bool
    message: str
    state: str | None
    mode: str | None
    laf_db: float | None
    lafmax_db: float | None
    laeq_db: float | None
    ten_minutes: Exceeding | None
    hour: Exceeding | None
    score: float | None
    flags: int
    checks: dict[str, str]
    transfers: list[Transfer]
    overruns: int
    dropped: int
    frames: int
    garbage: int
    missed: int
    clock_uncertainty_ms: float | None
    clock_drift_ppm: float | None


class ClipStatus(TypedDict):
    """One sensor clip. `package` is where the sealed package lies, `evidence` whether it is complete."""

    id: str
    state: str
    reason: str
    trigger_time: str | None
    lafmax_db: float | None
    behaviour: str | None
    score: float | None
    missing: list[str]
    evidence: bool
    package: str | None


class Status(TypedDict):
    """The whole gateway."""

    site: str
    boards: list[BoardStatus]
    clips: list[ClipStatus]
    accepted: int
    by_state: dict[str, int]
    balance_holds: bool


def board_status(board: BoardState) -> BoardStatus:
    """Return the status of `board`."""
    figures, second = board.figures, board.second
    clock = board.clock if board.clock is not None and board.clock.known else None
    checks = dict(board.hello.checks) if board.hello else {}
    return BoardStatus(
        id=board.id,
        kind=board.kind,
        port=board.port,
        connected=board.connected,
        message=board.message,
        state=second.state if second else None,
        mode=board.hello.mode if board.hello else None,
        laf_db=figures.laf_db if figures else None,
        lafmax_db=figures.lafmax_db if figures else None,
        laeq_db=figures.laeq_db if figures else None,
        ten_minutes=_exceeding(board, TEN_MINUTES_S),
        hour=_exceeding(board, HOUR_S),
        score=second.score if second else None,
        flags=figures.flags if figures else 0,
        checks=dict(second.checks) if second else checks,
        transfers=[
            Transfer(clip=number, received=progress.taken_bytes, total=progress.known_bytes)
            for number, progress in sorted(board.transfers.items())
        ],
        overruns=second.overruns if second else 0,
        dropped=second.dropped if second else 0,
        frames=board.counters.frames,
        garbage=board.counters.garbage,
        missed=board.counters.missed,
        clock_uncertainty_ms=None if clock is None else clock.uncertainty_ns() / 1e6,
        clock_drift_ppm=None if clock is None else clock.drift_ppm,
    )


def _exceeding(board: BoardState, seconds: float) -> Exceeding | None:
    found = None if board.percentiles is None else board.percentiles.over(seconds)
    return None if found is None else Exceeding(**asdict(found))


def clip_status(clip: ClipRecord, package: str | None) -> ClipStatus:
    """Return the status of a sensor `clip` whose package lies at `package`."""
    summary = SealedSummary.model_validate_json(clip.summary or "{}")
    sealed = clip.state in (ClipState.SEALED, ClipState.DELIVERED)
    trigger = None if clip.trigger_wall_ns is None else iso_utc(clip.trigger_wall_ns)
    return ClipStatus(
        id=clip.event_id,
        state=str(clip.state),
        reason=clip.reason,
        trigger_time=summary.trigger_time or trigger,
        lafmax_db=summary.lafmax_db,
        behaviour=summary.behaviour,
        score=summary.score,
        missing=list(summary.missing),
        evidence=sealed and not summary.missing,
        package=package,
    )
