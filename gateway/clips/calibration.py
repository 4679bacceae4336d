"""How far the calibration of a board can be believed at the time of a clip: its state, its age, and flags in words.

Rules of this file
- The record is the one that the board sent with the clip: what was added to the levels when they were measured.
- A check with a calibrator renews a calibration's age, as long as it found the microphone where it was.
- The electronic check is the board's own (its self-check); it says nothing about the level.
"""

from dataclasses import dataclass

from gateway.clips.flag import Flag
from gateway.clips.uncertainty import CalibrationState, tolerance_db
from gateway.link.calibration import CalibrationRecord
from gateway.timing import SECOND_NS

DAY_NS = 86400 * SECOND_NS
# BS 4142 and ISO 1996-2 doubt measurements whose calibration before and after differ by more.
MAX_DRIFT_DB = 0.5
AHEAD_NS = 3600 * SECOND_NS  # a laptop's clock may be off by that; more is a wrong date


@dataclass(frozen=True, slots=True)
class Rules:
    """How old may be what: `electronic_check_days` the self-check, `calibrator_days` the calibrator."""

    electronic_check_days: float = 3.0
    calibrator_days: float = 365.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is said of a clip. `age_days` since the calibrator was last on the microphone; None when never."""

    state: CalibrationState
    record: CalibrationRecord | None
    check: CalibrationRecord | None
    age_days: float | None
    flags: tuple[Flag, ...]


def at(
    trigger_wall_ns: int,
    record: CalibrationRecord | None,
    check: CalibrationRecord | None,
    microphone: str,
    rules: Rules,
) -> Calibration:
    """Return the state at `trigger_wall_ns` of a board with `record` and `check` on it."""
    if record is None:
        text = (
            "no calibrator was ever used: levels rest on the microphone's data sheet, whose sensitivity is within "
            f"{tolerance_db(microphone):g} dB"
        )
        return Calibration(CalibrationState.NEVER, None, check, None, (Flag("never_calibrated", text),))
    newest_ns = record.wall_ns if check is None else max(record.wall_ns, check.wall_ns)
    flags = [_drifted(each) for each in (record, check) if each is not None and _has_drifted(each)]
    age_ns = trigger_wall_ns - newest_ns
    if age_ns < -AHEAD_NS:
        flags.append(Flag("calibration_date", "the calibration is dated after the event: a clock was wrong"))
    expired = age_ns > rules.calibrator_days * DAY_NS
    if expired:
        flags.append(
            Flag(
                "calibration_expired",
                f"the calibrator was last on the microphone {age_ns / DAY_NS:.0f} days before; "
                f"{rules.calibrator_days:g} are allowed",
            )
        )
    state = CalibrationState.EXPIRED if expired else CalibrationState.CALIBRATED
    return Calibration(state, record, check, round(age_ns / DAY_NS, 3), tuple(flags))


def _has_drifted(record: CalibrationRecord) -> bool:
    return record.drift_db is not None and abs(record.drift_db) > MAX_DRIFT_DB


def _drifted(record: CalibrationRecord) -> Flag:
    return Flag(
        "calibration_drift",
        f"the {record.kind} of {record.time} found the microphone {abs(record.deviation_db):.2f} dB from the "
        f"calibration before; {MAX_DRIFT_DB} dB is the most that is believed",
    )


def of_electronic_check(trigger_wall_ns: int, passed_wall_ns: int | None, rules: Rules) -> list[Flag]:
    """Return the flag on the board's self-check, which last passed at `passed_wall_ns` (None: never seen)."""
    if passed_wall_ns is None:
        return [Flag("electronic_check_overdue", "the board's self-check has never passed")]
    age_ns = trigger_wall_ns - passed_wall_ns
    if age_ns <= rules.electronic_check_days * DAY_NS:
        return []
    return [
        Flag(
            "electronic_check_overdue",
            f"the board's self-check last passed {age_ns / DAY_NS:.1f} days before; "
            f"{rules.electronic_check_days:g} are allowed",
        )
    ]
