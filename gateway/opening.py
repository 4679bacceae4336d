"""`stalenstraat open`: decrypts a package and unpacks it, for people to look at; who did so and why is written down.

Rules of this file
- The entry is on the disk before the first part is: in the audit log of the store when a configuration is given, else
  in an audit.jsonl of its own beside the parts.
- What was changed since it was sealed is not unpacked. Nothing is overwritten, and nothing lies outside the folder.
- What is unpacked is readable by nobody else (0600), and from then on in the care of whoever opened it.
"""

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.config import load
from gateway.errors import GatewayError, PackageError
from gateway.evidence import container, encryption, manifest
from gateway.evidence.integrity import NAME
from gateway.evidence.statements import Verdict
from gateway.evidence.verify import MAX_BYTES, verify_bytes
from gateway.store.audit import Audit
from gateway.timing import SystemClock

OPENED = "package opened"
UNSAID = "not said"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; see `gateway.cli.open_package`."""

    package: Path
    out: Path
    identity: Path | None = None
    config: Path | None = None
    who: str = ""
    reason: str = ""


def open_and_print(options: Options) -> int:
    """Open the package; print what it is and where it lies now. `GatewayError` says why it cannot be opened."""
    if options.config is not None and not options.reason:
        raise GatewayError(
            "the audit log of this cabinet keeps who opens a clip and why; say why with --reason"
        )
    log = Audit(options.out if options.config is None else load(options.config).store.path)
    event, parts, digest = contents(options.package, options.identity)
    if there := [name for name in parts if os.path.lexists(options.out / name)]:
        raise PackageError(f"{options.out / there[0]}: is there already; give another folder with --out")
    _make_folder(options.out)
    log.note(
        OPENED,
        who=options.who or getpass.getuser(),
        reason=options.reason or UNSAID,
        now_ns=SystemClock().wall_ns(),
        about={"event": event, "package": digest, "folder": str(options.out.absolute())},
    )
    _write(options.out, parts)
    sys.stdout.write(f"event {event}, unchanged since it was sealed: {options.out}\n")
    sys.stdout.write("".join(f"  {name}\n" for name in parts))
    return 0


def contents(package: Path, identity: Path | None) -> tuple[str, dict[str, bytes], str]:
    """Return the event of `package`, its parts, and the SHA-256 of the file.

    `identity` is the file with the key, not needed when it is not encrypted. `PackageError`, `KeyFileError`.
    """
    try:
        if package.stat().st_size > MAX_BYTES:
            raise PackageError(f"{package}: has more than {MAX_BYTES} bytes; no package is that large")
        data = package.read_bytes()
    except OSError as error:
        raise PackageError(f"{package}: cannot be read ({error.strerror}); check the path") from None
    digest = manifest.sha256(data)
    try:
        if encryption.is_encrypted(data):
            if identity is None:
                raise PackageError(
                    "it is encrypted; give the key file of one of its recipients with --identity"
                )
            data = encryption.decrypt(data, encryption.read_identities(identity))
        report = verify_bytes(data, package)
        parts = container.unpack(data)
    except PackageError as error:
        raise PackageError(f"{package}: {error}") from None
    if not report.intact or report.event is None or not all(NAME.fullmatch(name) for name in parts):
        broken = [said for said in report.statements if said.integrity and said.verdict is not Verdict.HOLDS]
        why = broken[0].why if broken else "a part has a name that is none"
        raise PackageError(f"{package}: {why}; nothing was unpacked, stalenstraat verify says more")
    return report.event, parts, digest


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PackageError(f"{folder}: cannot be made ({error.strerror}); give another with --out") from None


def _write(folder: Path, parts: Mapping[str, bytes]) -> None:
    """Write `parts` into `folder`, or none of them: never over anything, nor through a link."""
    made: list[Path] = []
    try:
        for name, data in parts.items():
            path = folder / name
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            made.append(path)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        raise PackageError(f"{folder}: cannot be written ({error.strerror}); nothing was unpacked") from None
