"""Delivers packages to a directory: a mounted share, a disk, the folder another program takes them from.

Rules of this file
- Durable before it counts, under its final name only when whole (temporary name, fsync, rename, fsync).
- Delivering again changes nothing. Another content under the same name is never replaced: `Rejected`.
- A target that cannot be reached or has no room is `Retryable`.
"""

from pathlib import Path

from gateway.errors import Rejected, Retryable
from gateway.evidence.durably import sync_directory, write_durably
from gateway.evidence.manifest import sha256

TEMPORARY = ".part"


class Directory:
    """The target `path`. It must exist: an unmounted share must not be filled as an empty folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def deliver(self, package: Path, digest: str) -> Path:
        """Copy `package` (with SHA-256 `digest`) and return where it is now; blocks until it is durable."""
        target = self.path / package.name
        temporary = self.path / f".{package.name}{TEMPORARY}"
        if not self.path.is_dir():
            raise Retryable(f"{self.path}: no such directory; make it, or mount what belongs there")
        try:
            data = package.read_bytes()
        except OSError as error:
            raise Rejected(
                f"{package}: cannot be read ({error.strerror}); it was taken out of the store"
            ) from None
        if sha256(data) != digest:
            raise Rejected(f"{package}: is not what was sealed; keep it aside and check the disk")
        try:
            if target.exists():
                if sha256(target.read_bytes()) == digest:
                    return target
                raise Rejected(f"{target}: another file has this name; move it away, then start again")
            write_durably(temporary, data)
            if sha256(temporary.read_bytes()) != digest:
                raise Retryable(f"{target}: was not written as it is; check that disk")
            temporary.replace(target)
            sync_directory(self.path)
        except OSError as error:
            raise Retryable(
                f"{target}: cannot be written ({error.strerror}); make room or mend access"
            ) from None
        return target
