"""`stalenstraat calibrate`: its commands, what they take and what they are for.

Rules of this file
- As in cli.py: options are read here, work is done elsewhere and imported when it is asked for.
"""

from pathlib import Path

from cyclopts import App

app = App(name="calibrate", help="A microphone against a calibrator.")


@app.default
def calibrate(  # noqa: PLR0913  the command's options are the contract of docs/
    *,
    board: str,
    level: float,
    frequency: float,
    calibrator: str = "",
    certificate_date: str | None = None,
    check: bool = False,
    config: Path | None = None,
    json: bool = False,
) -> int:
    """Calibrate a microphone with a calibrator on it; docs/calibration.md shows how.

    Exit code 0: done; 1: refused, and why; 2: done, but the microphone has drifted by more than 0.5 dB.

    Parameters
    ----------
    board
        The port of the sensor: id:SERIAL, or a path.
    level
        The level of the calibrator in dB, as its certificate says: 94 or 114, say.
    frequency
        Its frequency in Hz: 1000 or 250, say.
    calibrator
        Which one it is: maker, type, serial number.
    certificate_date
        The date of its certificate, as 2026-03-01.
    check
        Change nothing: only note how far the microphone is off, before and after a campaign.
    config
        The site's TOML file: keep the record in its history at once. The running gateway does so by itself.
    json
        Print JSON instead of words.
    """
    from gateway.calibrate.command import Options, run_calibrate

    return run_calibrate(
        Options(
            board=board,
            level=level,
            frequency=frequency,
            calibrator=calibrator,
            certificate_date=certificate_date,
            check=check,
            config=config,
            as_json=json,
        )
    )


@app.command
def history(*, config: Path, json: bool = False) -> int:
    """Show every calibration and check that the gateway knows; the gateway must not run meanwhile.

    Parameters
    ----------
    config
        The site's TOML file.
    json
        Print JSON instead of a table.
    """
    from gateway.calibrate.command import print_history

    return print_history(config, as_json=json)
