"""What goes wrong with the disk under the store, in the gateway's own errors; and a transaction over it.

Rules of this file
- A full disk is `DiskFull` and has changed nothing. Any other error of the disk is `DurabilityError`.
- A store is known by the file of its database: an empty folder where a disk was mounted is another one.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import apsw

from gateway.errors import DiskFull, DurabilityError


@contextmanager
def faults(store: Path) -> Generator[None]:
    """Do something with the disk of the store at `store`."""
    try:
        yield
    except apsw.FullError:
        raise DiskFull(f"{store}: no room on the disk; make room, nothing is lost") from None
    except (apsw.IOError, apsw.CorruptError, apsw.ReadOnlyError, apsw.CantOpenError) as error:
        raise DurabilityError(f"{store}: the disk failed ({error}); check it, then start again") from error
    except OSError as error:
        raise DurabilityError(f"{store}: cannot be used ({error}); check path and rights") from error


@contextmanager
def transaction(store: Path, db: apsw.Connection) -> Generator[None]:
    """Do something with `db` all or not at all; when this is left it is durable."""
    with faults(store):
        try:
            with db:
                yield
        except apsw.SQLError as error:
            # On a full or failing disk SQLite has rolled back itself; apsw then finds nothing to roll back.
            if db.in_transaction or not isinstance(error.__context__, apsw.Error):
                raise
            raise error.__context__ from None


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at `path` from any other; None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
