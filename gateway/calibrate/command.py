"""`stalenstraat calibrate`: what the technician gives and sees.

Rules of this file
- The port, the configuration and the store are opened before anybody has to hold a calibrator.
- Standard output has the result (or, with `as_json`, one JSON object); what goes on meanwhile is on standard error.
"""

import asyncio
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console

from gateway.calibrate.meter import Meter
from gateway.calibrate.procedure import Calibrator, Outcome, Progress, calibrate
from gateway.clips.calibration import MAX_DRIFT_DB
from gateway.clips.uncertainty import COVERAGE
from gateway.config import Config, load
from gateway.errors import CalibrationRefused, PortBusy
from gateway.link.calibration import MAX_CALIBRATOR
from gateway.link.discovery import find_port
from gateway.link.port import SerialPort
from gateway.store.calibrations import KnownRecord
from gateway.store.store import Store

MAX_ESCAPED = 160  # bytes of the calibrator's name on the line to the board, which is ASCII
DRIFTED = 2  # exit code: the microphone is further from its last calibration than levels may be off


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; see `gateway.cli.calibrate`."""

    board: str
    level: float
    frequency: float
    calibrator: str = ""
    certificate_date: str | None = None
    check: bool = False
    config: Path | None = None
    as_json: bool = False


def run_calibrate(options: Options) -> int:
    """Calibrate or check, print what was found; return the exit code. `GatewayError` when it cannot be done."""
    calibrator = _calibrator(options)
    with ExitStack() as stack:
        config = None if options.config is None else load(options.config)
        store = None if config is None else Store(config.store.path)
        if store is not None:
            stack.callback(store.close)
        outcome = asyncio.run(_calibrate(options, calibrator, config))
        if store is not None:
            store.calibrations.note(outcome.board, outcome.uid, [outcome.record], time.time_ns())
    drifted = outcome.last is not None and abs(outcome.record.deviation_db) > MAX_DRIFT_DB
    if options.as_json:
        _say(json.dumps(_as_json(outcome, drifted=drifted), indent=1))
    else:
        _print(outcome, drifted=drifted)
    return DRIFTED if drifted else 0


def print_history(config_path: Path, *, as_json: bool) -> int:
    """Print every calibration and check that the gateway of the configuration knows; return the exit code."""
    store = Store(load(config_path).store.path)
    try:
        known = store.calibrations.all()
    finally:
        store.close()
    if as_json:
        _say(
            json.dumps([{"board": each.board, "uid": each.uid, **each.record.model_dump()} for each in known])
        )
    elif not known:
        _say(
            "no calibration is known: stalenstraat calibrate, or a board that was calibrated, makes the first"
        )
    else:
        _say("\n".join(_history_line(each) for each in known))
    return 0


def _calibrator(options: Options) -> Calibrator:
    name = " ".join(options.calibrator.split())
    if len(name) > MAX_CALIBRATOR or len(json.dumps(name)) > MAX_ESCAPED:
        raise CalibrationRefused(
            f"--calibrator: {len(name)} characters; write at most {MAX_CALIBRATOR}, fewer in other scripts than Latin"
        )
    if not 60 <= options.level <= 130:  # noqa: PLR2004  levels of calibrators, from the smallest piston to the largest
        raise CalibrationRefused(
            f"--level {options.level:g}: no calibrator has it; write its level in dB, say 94"
        )
    if not 100 <= options.frequency <= 2000:  # noqa: PLR2004  where the C-weighting is flat
        raise CalibrationRefused(
            f"--frequency {options.frequency:g}: calibrate between 100 and 2000 Hz; write its frequency, say 1000"
        )
    if options.certificate_date is not None:
        try:
            date.fromisoformat(options.certificate_date)
        except ValueError:
            raise CalibrationRefused(
                f"--certificate-date {options.certificate_date}: no date; write it as 2026-03-01"
            ) from None
    return Calibrator(options.level, options.frequency, name, options.certificate_date)


async def _calibrate(options: Options, calibrator: Calibrator, config: Config | None) -> Outcome:
    path = find_port(options.board)
    try:
        port = SerialPort(path)
    except PortBusy:
        raise PortBusy(
            f"{path}: in use by another program; if that is the running gateway, stop it, calibrate, and start it "
            "again: it reads the record from the board"
        ) from None
    try:
        meter = Meter(port, options.board)
        hello = await meter.greet()
        if config is not None and hello.id not in [sensor.id for sensor in config.sensors]:
            raise CalibrationRefused(
                f'the board on {options.board} is "{hello.id}", which is no sensor of {options.config}; '
                "correct --board or --config"
            )
        with Console(stderr=True).status("") as status:

            def show(progress: Progress) -> None:
                status.update(_line(progress))

            outcome = await calibrate(meter, calibrator, show, check=options.check)
        meter.bye()
        return outcome
    finally:
        port.close()


def _line(progress: Progress) -> str:
    doubt = f"  [yellow]{progress.doubt}[/]" if progress.doubt else ""
    return f"{progress.step}: LCeq {progress.lceq_db:.2f} dB, {max(progress.left_s, 0):.0f} s left{doubt}"


def _as_json(outcome: Outcome, *, drifted: bool) -> dict[str, object]:
    return {
        "board": outcome.board,
        "microphone": outcome.microphone,
        "record": outcome.record.model_dump(),
        "last": None if outcome.last is None else outcome.last.model_dump(),
        "before_db": round(outcome.before.level_db, 2),
        "after_db": None if outcome.after is None else round(outcome.after.level_db, 2),
        "drifted": drifted,
    }


def _print(outcome: Outcome, *, drifted: bool) -> None:
    record, last = outcome.record, outcome.last
    _say(
        f"{outcome.board}, microphone {outcome.microphone}: {record.frequency_hz:g} Hz at {record.level_db:g} dB reads "
        f"{outcome.before.level_db:.2f} dB, moving by {record.spread_db:.2f} dB"
    )
    if outcome.after is not None:
        was = 0.0 if last is None else last.offset_db
        _say(
            f"offset {_signed(was)} dB -> {_signed(record.offset_db)} dB; now it reads {outcome.after.level_db:.2f} dB"
        )
    if last is None:
        _say("the first calibration of this board" if outcome.after is not None else "never calibrated")
    else:
        _say(f"drift since the calibration of {last.time}: {_signed(-record.deviation_db)} dB")
    _say(f"uncertainty of the offset {record.uncertainty_db:.2f} dB (k = {COVERAGE:g})")
    if drifted:
        _say(
            f"more than {MAX_DRIFT_DB} dB: clips since the last calibration are to be doubted; repeat it, then "
            "look for water, dust or damage at the microphone"
        )


def _history_line(known: KnownRecord) -> str:
    record = known.record
    drift = "first" if record.drift_db is None else f"drift {_signed(record.drift_db)}"
    return (
        f"{known.board}  {record.time}  {record.kind:11}  {record.level_db:g} dB at {record.frequency_hz:g} Hz read "
        f"{record.level_db + record.deviation_db:.2f}  offset {_signed(record.offset_db)}  {drift}  {record.calibrator}"
    ).rstrip()


def _signed(db: float) -> str:
    return f"{round(db, 2) + 0.0:+.2f}"  # no minus before a zero


def _say(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201  the command's output
