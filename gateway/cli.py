"""The command `stalenstraat`: one function a command, its text is the command's help.

Rules of this file
- A command reads its options, calls one function of the package and prints. No logic lives here.
- Whatever the user can cause is a `GatewayError`: one line on standard error and its exit code, no traceback.
- Imports are inside the commands: `stalenstraat --help` answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from gateway.auditing import app as audit
from gateway.calibrate.commands import app as calibrating
from gateway.errors import GatewayError
from gateway.options import Interpreter
from gateway.signature.commands import app as signature
from gateway.signature.commands import recording
from gateway.signing_key import app as keys

app = App(name="stalenstraat", help="An open noise camera for streets.", version_flags=["--version"])
app.command(signature)
app.command(keys)
app.command(audit)
app.command(calibrating)
app.command(recording)


@app.command
def run(*, config: Path) -> int:
    """Run the gateway until it is told to stop.

    Parameters
    ----------
    config
        The site's TOML file; gateway/site.example.toml documents every key.
    """
    from gateway.service import run_service

    return run_service(config)


@app.command
def verify(
    *packages: Path,
    key: tuple[str, ...] = (),
    tsa: tuple[Path, ...] = (),
    identity: Path | None = None,
    json: bool = False,
) -> int:
    """Check packages offline: what holds, what does not, what cannot be said.

    Several packages are checked as a chain as well: none removed, replaced or put in. Exit code 0: nothing was changed
    and nothing does not hold; 1: something does not hold; 2: whether it was changed cannot be said.

    Parameters
    ----------
    packages
        The .zip files of clips.
    key
        A public key of the gateway, as stalenstraat keys show prints it, or a file of them.
    tsa
        The root certificate (PEM) of the timestamp service; its timestamps lie beside the packages.
    identity
        A file with a private key of the city (age), for packages that are encrypted.
    json
        Print JSON instead of words.
    """
    from gateway.evidence.verify import verify_and_print

    return verify_and_print(packages, trusted=key, tsa=tsa, identity=identity, as_json=json)


@app.command(name="open")
def open_package(
    package: Path,
    *,
    out: Path,
    identity: Path | None = None,
    config: Path | None = None,
    who: str = "",
    reason: str = "",
) -> int:
    """Decrypt a package and unpack it, to look at; it is written down who did and why.

    What was changed since it was sealed is not unpacked, and no file is overwritten.

    Parameters
    ----------
    package
        The .zip.age file of a clip, or a .zip.
    out
        The folder for its parts.
    identity
        The key file of one of its recipients, as age-keygen makes it.
    config
        The site's TOML file: write it into the audit log of its store; otherwise into audit.jsonl beside the parts.
    who
        Who looks; default: the name of the account.
    reason
        Why, for the audit log.
    """
    from gateway.opening import Options, open_and_print

    return open_and_print(Options(package, out, identity, config, who, reason))


@app.command
def forget(*, config: Path, event: str, reason: str, who: str = "") -> int:
    """Delete a clip from the store of this cabinet, beside a running gateway too; show that nothing of it is left.

    Exit code 0: nothing is left; 1: it could not be deleted, or there is no such clip, and why.

    Parameters
    ----------
    config
        The site's TOML file.
    event
        The clip, as genk-1-12-3.
    reason
        Why; it is kept in the audit log, and with the tombstone.
    who
        Who orders it; default: the name of the account.
    """
    from gateway.forget import Options, forget_and_print

    return forget_and_print(Options(config, event, reason, who))


@app.command
def notice(
    *,
    out: Path,
    config: Path,
    lang: Literal["nl", "fr", "en"] = "nl",
    kind: Literal["all", "sign", "information", "register", "assessment"] = "all",
) -> int:
    """Make the sign, the public information and the register entry from the configuration.

    Parameters
    ----------
    out
        The file: .pdf and .html hold everything, .svg the sign alone.
    config
        The site's TOML file; its section [controller] says who is responsible.
    lang
        Dutch, French or English.
    kind
        One of them alone; or assessment: a data protection impact assessment to complete, with the real settings.
    """
    from gateway.notice.command import Kind, notice_and_write

    return notice_and_write(lang, Kind(kind), out, config)


@app.command
def demo(  # noqa: PLR0913  the command's options are the contract of docs/
    *,
    sound: Annotated[tuple[Path, ...], Parameter(consume_multiple=True)] = (),
    level_dba: float = 92.0,
    out: Path = Path("out"),
    seconds: float | None = None,
    fast: bool = False,
    web: bool = True,
    json: bool = False,
    interpreter: Interpreter = None,
) -> int:
    """Show the product: virtual sensor and camera running the real firmware, and the real gateway.

    Parameters
    ----------
    sound
        Recordings to play, of any rate and channel count; default: the built-in street. A named pipe or
        /dev/stdin is played as it comes: raw 32-bit floats at 48 kHz, one channel, 1.0 the peak of a sine of 120 dB.
    level_dba
        Their level at the microphone, as LAFmax in dB(A).
    out
        Where the packages go.
    seconds
        Seconds of street sound; default: all recordings, or 40 s of the built-in street.
    fast
        As fast as this machine can, instead of in real time.
    web
        Serve the live page on this computer while the demo runs.
    json
        Print a JSON report instead of the live view.
    """
    from gateway.demo import Options, run_demo

    return run_demo(
        Options(
            sounds=sound,
            level_dba=level_dba,
            out=out,
            seconds=seconds,
            fast=fast,
            web=web,
            json=json,
            interpreter=interpreter,
        )
    )


@app.command
def bench(*, json: bool = False, interpreter: Interpreter = None) -> int:
    """Measure the firmware's cost per second of sound and the gateway's receive rate, as ratios.

    Parameters
    ----------
    json
        Print JSON instead of a table.
    """
    from gateway.bench import run_bench

    return run_bench(as_json=json, program=interpreter)


@app.command
def conformance(
    *,
    board: str | None = None,
    interpreter: Interpreter = None,
    rate: int | None = None,
    single: bool = False,
    json: Path | None = None,
) -> int:
    """Measure the firmware's own code against IEC 61672-1:2013, in an interpreter or on a board.

    Exit code 0: class 1 wherever it is claimed; 1: missed, or it could not be measured.

    Parameters
    ----------
    board
        A flashed sensor board: id:SERIAL (flash.py --list) or the path of its port. It runs again afterwards.
    rate
        48000 or 32000; default: the board's own, and 48000 without one.
    single
        Round to single precision, as boards compute; only with the WebAssembly interpreter.
    json
        Also write the rows to this file.
    """
    from gateway.conformance.command import Options, run_conformance

    return run_conformance(Options(board=board, interpreter=interpreter, rate=rate, single=single, json=json))


def main() -> None:
    """Run the command line; leave with its exit code."""
    try:
        code = app(result_action="return_value")
    except GatewayError as error:
        print(f"stalenstraat: {error}", file=sys.stderr)  # noqa: T201  the command line's own output
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
