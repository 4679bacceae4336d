"""`stalenstraat audit`: whether the audit log of a cabinet is as it was written, and what is in it.

Rules of this file
- It reads, beside a running gateway too, and writes nothing.
"""

import json as codec
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

if TYPE_CHECKING:
    from gateway.store.audit import Audit

SHOWN = frozenset({"time", "what", "who", "reason", "previous"})

app = App(name="audit", help="What was done in this cabinet, by whom and why.")


@app.command
def verify(
    log: Path | None = None, *, config: Path | None = None, noted: str = "", json: bool = False
) -> int:
    """Say whether the chain of the audit log holds, or where it breaks. Exit code 0: it holds; 1: it does not.

    Parameters
    ----------
    log
        The audit.jsonl, or a copy of it.
    config
        Instead: the site's TOML file, for the log of its store.
    noted
        The SHA-256 that an earlier check printed: shows that nothing up to there was changed or taken away since.
    json
        Print JSON instead of words.
    """
    found = _log(log, config).check(noted.strip().lower())
    if json:
        sys.stdout.write(codec.dumps({**asdict(found), "holds": found.broken is None}) + "\n")
        return 0 if found.broken is None else 1
    if found.broken is not None:
        sys.stdout.write(f"does not hold: {found.broken}\n{found.entries} entries before that hold\n")
        return 1
    sys.stdout.write(f"holds: {found.entries} entries, each with the hash of what stands before it\n")
    if found.before:
        sys.stdout.write(
            f"{found.before} lines are of before there was a chain; its first entry covers them\n"
        )
    if found.torn:
        sys.stdout.write(f"{found.torn} half-written lines, as a power cut leaves them\n")
    sys.stdout.write(
        f"newest: {found.newest}\nnote it elsewhere: --noted shows later that all up to it is there\n"
    )
    return 0


@app.command
def show(log: Path | None = None, *, config: Path | None = None) -> int:
    """Print the entries, oldest first: when, what, about what, who and why.

    Parameters
    ----------
    log
        The audit.jsonl, or a copy of it.
    config
        Instead: the site's TOML file, for the log of its store.
    """
    for entry in _log(log, config).entries():
        about = {name: value for name, value in sorted(entry.items()) if name not in SHOWN}
        said = f" {codec.dumps(about, ensure_ascii=False)}" if about else ""
        sys.stdout.write(
            f"{entry.get('time')} {entry.get('what')}{said}: {entry.get('who')}, {entry.get('reason')}\n"
        )
    return 0


def _log(log: Path | None, config: Path | None) -> "Audit":
    from gateway.config import load
    from gateway.errors import StoreError
    from gateway.store.audit import FILE_NAME, Audit

    if config is not None and log is None:
        return Audit(load(config).store.path)
    if log is None or config is not None or log.name != FILE_NAME:
        raise StoreError(
            f"which audit log? give its file, {FILE_NAME}, or --config with the site's TOML file"
        )
    return Audit(log.parent)
