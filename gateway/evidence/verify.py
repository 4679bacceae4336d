"""`stalenstraat verify`: checks packages and says in plain words what holds, what does not, and what cannot be said.

Rules of this file
- It needs the files and nothing else: no store, no configuration, no network.
- It never raises for what is in a file; whatever cannot be read is a statement that does not hold.
- A statement names what broke. "Cannot be said" is for what these files alone can never show.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.errors import KeyFileError, PackageError
from gateway.evidence import container, integrity, keys, manifest
from gateway.evidence.chain import CLAIM, Link, of_chain
from gateway.evidence.completeness import as_evidence, of_contents
from gateway.evidence.manifest import Manifest
from gateway.evidence.statements import Report, Statement, Verdict

EVENT = re.compile(r"[a-z0-9-]+-\d+-\d+")  # an event's id; whoever gives a file another name may
MAX_BYTES = 1 << 30  # ten seconds are tens of megabytes; more is something else, and would fill the memory


@dataclass(frozen=True, slots=True)
class Checked:
    """What one package says of itself: the report, and its manifest if that is intact."""

    report: Report
    link: Link | None = None


def verify(path: Path, trusted: Sequence[str] = ()) -> Report:
    """Check the package at `path`; `trusted` are public keys of its gateway."""
    return verify_all([path], trusted)[0]


def verify_all(paths: Sequence[Path], trusted: Sequence[str] = ()) -> list[Report]:
    """Check the packages at `paths`, each alone and as a chain."""
    checked = [_check(path, trusted) for path in paths]
    linked = of_chain([each.link for each in checked if each.link is not None])
    of_links = iter(linked)
    return [
        each.report if each.link is None else _with_chain(each.report, next(of_links)) for each in checked
    ]


def verify_bytes(data: bytes, path: Path, trusted: Sequence[str] = ()) -> Report:
    """Check `data`, the content of the package at `path`. `PackageError` when it is none."""
    return _check_bytes(data, path, trusted).report


def _check(path: Path, trusted: Sequence[str]) -> Checked:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PackageError(f"the file has more than {MAX_BYTES} bytes; no package is that large")
        return _check_bytes(path.read_bytes(), path, trusted)
    except OSError as error:
        why = f"cannot be read ({error.strerror}); check the path"
    except PackageError as error:
        why = str(error)
    return Checked(Report(path, None, (Statement("it is a package", Verdict.FAILS, why, integrity=True),)))


def _check_bytes(data: bytes, path: Path, trusted: Sequence[str]) -> Checked:
    parts = container.unpack(data)
    sealed, readable = integrity.of_manifest(parts)
    said = [integrity.of_file(data, parts), readable]
    if sealed is not None:
        said.extend(integrity.of_parts(sealed, parts))
        said.extend(integrity.of_signature(sealed, parts, trusted))
        said.extend(of_contents(sealed, parts))
        if EVENT.fullmatch(path.stem) and path.stem != sealed.event:
            why = f"the file is named {path.stem}, the event is {sealed.event}"
            said.append(Statement("the file has the name of its event", Verdict.FAILS, why))
        said.append(Statement(CLAIM, Verdict.UNKNOWN, "its manifest is not intact"))
    said.append(as_evidence(sealed, said))
    report = Report(path, None if sealed is None else sealed.event, tuple(said))
    return Checked(report, _link(sealed, parts, report))


def _link(sealed: Manifest | None, parts: dict[str, bytes], report: Report) -> Link | None:
    # A manifest that nobody signed says nothing about the packages around it.
    if sealed is None or any(
        each.verdict is Verdict.FAILS and each.claim == integrity.SIGNED for each in report.statements
    ):
        return None
    return Link(sealed, manifest.sha256(parts[manifest.NAME]))


def _with_chain(report: Report, chain: Statement) -> Report:
    said = [chain if each.claim == CLAIM else each for each in report.statements]
    if chain.verdict is Verdict.FAILS:
        said[-1] = replace(said[-1], verdict=Verdict.FAILS, why="something above does not hold")
    return replace(report, statements=tuple(said))


def verify_and_print(packages: Sequence[Path], *, trusted: Sequence[str] = (), as_json: bool = False) -> int:
    """Check `packages` and print a report of each; return the highest exit code, 1 before 2.

    `trusted` are public keys, or files that hold one in each line. Raises `PackageError` when no package is named,
    `KeyFileError` for what is no key.
    """
    if not packages:
        raise PackageError("no package is named; give the .zip file of a clip")
    reports = verify_all(packages, [key for each in trusted for key in _keys(each)])
    if as_json:
        sys.stdout.write(
            json.dumps([report.values() for report in reports], indent=1, ensure_ascii=False) + "\n"
        )
    else:
        for report in reports:
            sys.stdout.write("\n".join([str(report.path), *report.lines(), ""]))
    codes = {report.exit_code for report in reports}
    return 1 if 1 in codes else max(codes)


def _keys(given: str) -> list[str]:
    if keys.is_public(given):
        return [given]
    try:
        found = Path(given).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        found = []
    if not found or not all(keys.is_public(each) for each in found):
        raise KeyFileError(
            f"{given}: is no public key, and no file of them; write the 44 characters of: stalenstraat keys show"
        )
    return found
