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
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from pyrage import x25519

from gateway.errors import KeyFileError, PackageError
from gateway.evidence import container, integrity, keys, manifest, timestamp
from gateway.evidence.chain import CLAIM, Link, of_chain
from gateway.evidence.completeness import as_evidence, of_contents
from gateway.evidence.encryption import decrypt, is_encrypted, read_identities
from gateway.evidence.manifest import Manifest
from gateway.evidence.statements import Report, Statement, Verdict
from gateway.evidence.timestamp import Batch

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


def verify_all(
    paths: Sequence[Path],
    trusted: Sequence[str] = (),
    services: Sequence[Certificate] = (),
    identities: Sequence[x25519.Identity] = (),
) -> list[Report]:
    """Check the packages at `paths`, each alone and as a chain.

    Timestamps are read from the files beside them, and believed when they are of one of `services` (root certificates).
    Encrypted packages are opened with `identities`, in memory.
    """
    checked = [_check(path, trusted, identities) for path in paths]
    linked = of_chain([each.link for each in checked if each.link is not None])
    batches = _batches_beside(paths)
    of_links = iter(linked)
    reports: list[Report] = []
    for each in checked:
        if each.link is None:
            reports.append(each.report)
            continue
        link = each.link
        report = _with(each.report, next(of_links))
        reports.append(_with(report, timestamp.of_package(link.manifest, link.sha256, batches, services)))
    return reports


def verify_bytes(data: bytes, path: Path, trusted: Sequence[str] = ()) -> Report:
    """Check `data`, the content of the package at `path`. `PackageError` when it is none."""
    return _check_bytes(data, path, trusted).report


def _check(path: Path, trusted: Sequence[str], identities: Sequence[x25519.Identity]) -> Checked:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PackageError(f"the file has more than {MAX_BYTES} bytes; no package is that large")
        data = path.read_bytes()
        if is_encrypted(data):
            if not identities:
                why = "it is encrypted; with a private key of the city (--identity) more can be said"
                said = Statement("it is a package", Verdict.UNKNOWN, why, integrity=True)
                return Checked(Report(path, None, (said,)))
            data = decrypt(data, identities)
        return _check_bytes(data, path, trusted)
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
        name = path.name.split(".", 1)[0]
        if EVENT.fullmatch(name) and name != sealed.event:
            why = f"the file is named {name}, the event is {sealed.event}"
            said.append(Statement("the file has the name of its event", Verdict.FAILS, why))
        said.append(Statement(CLAIM, Verdict.UNKNOWN, "its manifest is not intact"))
        said.append(Statement(timestamp.CLAIM, Verdict.UNKNOWN, "its manifest is not intact"))
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


def _with(report: Report, found: Statement) -> Report:
    said = [found if each.claim == found.claim else each for each in report.statements]
    if found.verdict is Verdict.FAILS:
        said[-1] = replace(said[-1], verdict=Verdict.FAILS, why="something above does not hold")
    return replace(report, statements=tuple(said))


def _batches_beside(paths: Sequence[Path]) -> list[Batch]:
    """Return the timestamps in the folders of `paths`; what cannot be read is none."""
    found: list[Batch] = []
    for folder in sorted({path.absolute().parent for path in paths}):
        for path in sorted(folder.glob(f"*{timestamp.SUFFIX}")):
            with suppress(OSError, PackageError):
                if path.stat().st_size <= MAX_BYTES:
                    found.append(timestamp.from_bytes(path.read_bytes()))
    return found


def verify_and_print(
    packages: Sequence[Path],
    *,
    trusted: Sequence[str] = (),
    tsa: Sequence[Path] = (),
    identity: Path | None = None,
    as_json: bool = False,
) -> int:
    """Check `packages` and print a report of each; return the highest exit code, 1 before 2.

    `trusted` are public keys, or files that hold one in each line; `tsa` are files with root certificates (PEM),
    `identity` is one with the private keys of age that open packages. Raises `PackageError` when no package is named,
    `KeyFileError` for what is no key or certificate.
    """
    if not packages:
        raise PackageError("no package is named; give the .zip file of a clip")
    keys_given = [key for each in trusted for key in _keys(each)]
    services = [root for each in tsa for root in _certificates(each)]
    reports = verify_all(
        packages, keys_given, services, [] if identity is None else read_identities(identity)
    )
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


def _certificates(path: Path) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except ValueError:
        raise KeyFileError(
            f"{path}: holds no certificate in PEM; ask the timestamp service for its root"
        ) from None
