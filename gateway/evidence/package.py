"""Writes a package so that it is there whole or not at all, whatever happens to the power.

Rules of this file
- Temporary name -> write -> fsync -> read again and check -> rename -> fsync of the directory. Only then
  does it count, and only then may the store forget the bytes it was made of.
- Writing the same package again replaces it, with the same bytes unless it is encrypted; nothing else may have its
  name.
- No room is `DiskFull`; any other failure of the disk is `DurabilityError`.
"""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import DiskFull, DurabilityError
from gateway.evidence import container, encryption, manifest
from gateway.evidence.durably import TEMPORARY, sync_directory, write_durably
from gateway.evidence.manifest import Place
from gateway.evidence.signer import Signer
from gateway.evidence.verify import verify_bytes

SUFFIX = ".zip"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Written:
    """A package that is durable at `path`."""

    path: Path
    sha256: str
    manifest_sha256: str
    evidence: bool


def write(  # noqa: PLR0913  what a package is made of
    directory: Path,
    parts: Mapping[str, bytes],
    *,
    event: str,
    site: str,
    sealed: str,
    place: Place,
    signer: Signer,
    missing: Sequence[str],
    recipients: Sequence[str] = (),
) -> Written:
    """Write `<event>.zip` with `parts` into `directory`; arguments as in manifest.make.

    With `recipients` (public keys of age) it is `<event>.zip.age`, and not encrypted it is in memory only.
    """
    listed = manifest.make(
        parts,
        event=event,
        site=site,
        sealed=sealed,
        place=place,
        key=signer.public,
        handovers=signer.handovers,
        missing=missing,
    )
    spelt = manifest.to_bytes(listed)
    data = container.pack({**parts, manifest.NAME: spelt, manifest.SIGNATURE: signer.sign(spelt)})
    plain, sealed_off = directory / f"{event}{SUFFIX}", directory / f"{event}{SUFFIX}{encryption.SUFFIX}"
    kept = encryption.encrypt(data, recipients) if recipients else data
    path, other = (sealed_off, plain) if recipients else (plain, sealed_off)
    temporary = directory / f".{event}{TEMPORARY}"
    try:
        write_durably(temporary, kept)
        if temporary.read_bytes() != kept or not verify_bytes(data, plain).intact:
            raise DurabilityError(f"{path}: what was written does not read back; check the disk")
        other.unlink(missing_ok=True)  # of a try before, when the recipients were others
        temporary.replace(path)
        sync_directory(directory)
    except OSError as error:
        if error.errno in NO_ROOM:
            temporary.unlink(missing_ok=True)
            raise DiskFull(f"{directory}: no room for {path.name}; make room, nothing is lost") from None
        raise DurabilityError(f"{path}: cannot be written ({error.strerror}); check the disk") from error
    return Written(path, manifest.sha256(kept), manifest.sha256(spelt), listed.evidence)


def remove_leftovers(directory: Path) -> None:
    """Delete what a power cut left half written."""
    for path in directory.glob(f".*{TEMPORARY}"):
        path.unlink()
