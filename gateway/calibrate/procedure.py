"""The steps of a calibration: wait for the steady tone, store the offset, measure again. No printing here.

Rules of this file
- Time is the board's: so many seconds of its figures, whatever the speed of this computer.
- Nothing is stored before the tone has passed `tone.judge`; what was stored is measured again, with the same tone.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from gateway.calibrate.meter import Meter
from gateway.calibrate.tone import STEADY_FRAMES, Reading, Wanted, judge
from gateway.clips.uncertainty import of_offset_db, tolerance_db
from gateway.errors import CalibrationRefused
from gateway.link.calibration import TIME_FORMAT, CalibrationRecord
from gateway.link.events import FiguresReceived

PATIENCE_S = 60.0  # to push a calibrator on and to wait for a moment without a lorry
# Beyond what the maker grants: fit of the adaptor, age, the calibrator's own tolerance.
MARGIN_DB = 1.0
# Twice the spread that is allowed: the tone of two readings, one after the other.
MAX_AFTER_DB = 0.2


class Step(StrEnum):
    """What is going on."""

    WAIT = "waiting for a steady tone"
    VERIFY = "measuring again"


@dataclass(frozen=True, slots=True)
class Progress:
    """What is shown meanwhile: the newest level, what stands in the way, and how many seconds are left."""

    step: Step
    lceq_db: float
    doubt: str
    left_s: float


@dataclass(frozen=True, slots=True)
class Calibrator:
    """What the technician says of the calibrator."""

    level_db: float
    frequency_hz: float
    name: str = ""
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found: the record now on the board, the one before it, and the level after (None for a check)."""

    board: str
    uid: str
    microphone: str
    record: CalibrationRecord
    last: CalibrationRecord | None
    before: Reading
    after: Reading | None


def now() -> datetime:
    """Return the time of this computer, UTC."""
    return datetime.now(UTC)


async def calibrate(
    meter: Meter,
    calibrator: Calibrator,
    show: Callable[[Progress], None],
    *,
    check: bool = False,
) -> Outcome:
    """Calibrate (or, with `check`, only compare) the microphone of the board that `meter` has greeted.

    `CalibrationRefused` says what stands in the way; nothing was stored unless it says so.
    """
    hello = meter.hello
    if hello.kind != "sensor":
        raise CalibrationRefused(f'"{hello.id}" is a camera and has no microphone: name the port of a sensor')
    last = hello.calibration
    offset_db = 0.0 if last is None else last.offset_db
    margin_db = tolerance_db(hello.microphone) + MARGIN_DB
    wanted = Wanted(calibrator.level_db, calibrator.frequency_hz, offset_db, margin_db)
    before = await _steady(meter, wanted, Step.WAIT, show)
    deviation_db = before.level_db - calibrator.level_db
    record = CalibrationRecord(
        kind="check" if check else "calibration",
        time=now().strftime(TIME_FORMAT),
        offset_db=offset_db if check else offset_db - deviation_db,
        deviation_db=deviation_db,
        drift_db=None if last is None else -deviation_db,
        level_db=calibrator.level_db,
        frequency_hz=calibrator.frequency_hz,
        spread_db=before.spread_db,
        uncertainty_db=of_offset_db(before.spread_db),
        calibrator=calibrator.name,
        certificate=calibrator.certificate,
    )
    await meter.keep(record)
    if check:
        return Outcome(hello.id, hello.uid, hello.microphone, record, last, before, None)
    wanted = Wanted(calibrator.level_db, calibrator.frequency_hz, record.offset_db, margin_db)
    try:
        after = await _steady(meter, wanted, Step.VERIFY, show)
    except CalibrationRefused as refused:
        raise CalibrationRefused(
            f"the new offset is on the board but was not seen to be right: {refused}; calibrate again"
        ) from None
    if abs(after.level_db - calibrator.level_db) > MAX_AFTER_DB:
        raise CalibrationRefused(
            f"the new offset is on the board, but the tone now reads {after.level_db:.2f} dB: it moved meanwhile; "
            "calibrate again"
        )
    return Outcome(hello.id, hello.uid, hello.microphone, record, last, before, after)


async def _steady(meter: Meter, wanted: Wanted, step: Step, show: Callable[[Progress], None]) -> Reading:
    """Return the reading of the first steady stretch; `CalibrationRefused` after `PATIENCE_S` of the board's time."""
    window = deque[FiguresReceived](maxlen=STEADY_FRAMES)
    hz = meter.hello.clock_hz
    first: int | None = None
    doubt = ""
    async for figures in meter.figures():
        if window and figures.sample - window[-1].sample != hz // 8:
            window.clear()  # figures are missing: a steady stretch has none missing
        window.append(figures)
        first = figures.sample if first is None else first
        left_s = PATIENCE_S - (figures.sample - first) / hz
        if len(window) == STEADY_FRAMES:
            found = judge(tuple(window), wanted)
            if isinstance(found, Reading):
                return found
            doubt = found.text
            if found.final:
                raise CalibrationRefused(doubt)
        show(Progress(step, figures.lceq_db, doubt, left_s))
        if left_s <= 0:
            break
    raise CalibrationRefused(f"no steady tone within {PATIENCE_S:.0f} s: {doubt or 'figures are missing'}")
