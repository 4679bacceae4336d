"""`stalenstraat conformance`: measure, print, and leave with the exit code that says whether class 1 holds."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.conformance.bands import TEST as BANDS
from gateway.conformance.bands import band_rows, hear_tone, tones
from gateway.conformance.measurements import TESTS
from gateway.conformance.meter import RATES, Meter, interpreted, on_board
from gateway.conformance.report import Result, print_report, write_json
from gateway.conformance.rows import Row, class_reached
from gateway.conformance.tables import ConformanceError, Tables, read_tables

ALL: Final = (*TESTS, BANDS)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; see `gateway.cli.conformance`."""

    board: str | None = None
    interpreter: Path | None = None
    rate: int | None = None
    single: bool = False
    json: Path | None = None


def run_conformance(
    options: Options,
    *,
    tests: Collection[str] = ALL,
    tables: Tables | None = None,
    firmware: Mapping[str, bytes] | None = None,
) -> int:
    """Measure and print; return 0 when class 1 holds wherever it is claimed, else 1.

    Only `tests`, against other `tables` or of other `firmware` files: whoever tests this program may say so.
    """
    if options.rate is not None and options.rate not in RATES:
        raise ConformanceError(f"--rate {options.rate}: must be {' or '.join(map(str, RATES))}")
    tables = tables or read_tables()
    if options.json:
        _try_to_write(options.json)
    console = Console()
    with _meter(options, firmware) as meter:
        rows = measure(meter, tables, tests, console)
    result = Result(
        [row for row in rows if row.test != BANDS],
        [row for row in rows if row.test == BANDS],
        meter.rate,
        meter.about,
    )
    print_report(result, console)
    if options.json:
        write_json(options.json, result)
    return 0 if class_reached(result.rows) == 1 else 1


def measure(
    meter: Meter, tables: Tables, tests: Collection[str] = ALL, console: Console | None = None
) -> list[Row]:
    """Return the rows of `tests`; `console` shows how far it is."""
    steps = [(name, step) for name in tests if name != BANDS for step in TESTS[name](tables, meter.rate)]
    swept = list(tones(meter.rate)) if BANDS in tests else []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    rows: list[Row] = []
    heard: dict[float, list[float]] = {}
    with Progress(*columns, console=console, transient=True, disable=console is None) as progress:
        task = progress.add_task("", total=len(steps) + len(swept))
        for name, step in steps:
            progress.update(task, description=name)
            rows += step(meter)
            progress.advance(task)
        for hz in swept:
            progress.update(task, description=BANDS)
            heard[hz] = hear_tone(hz, meter)
            progress.advance(task)
    return rows + band_rows(heard, tables)


def _meter(options: Options, firmware: Mapping[str, bytes] | None) -> AbstractContextManager[Meter]:
    if options.board is None:
        return interpreted(
            options.rate or RATES[0], options.interpreter, single=options.single, firmware=firmware
        )
    for option, given in (("--interpreter", options.interpreter), ("--single", options.single)):
        if given:
            raise ConformanceError(f"{option}: not with --board, which computes as it was built")
    return on_board(options.board, options.rate)


def _try_to_write(path: Path) -> None:
    """Raise before half a minute of measuring, not after it; leave no trace."""
    was_there = path.exists()
    try:
        path.touch()
        if not was_there:
            path.unlink()
    except OSError as error:
        raise ConformanceError(f"--json {path}: {error.strerror}; name another file") from None
