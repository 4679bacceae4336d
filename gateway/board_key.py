"""The key of a board, as flash.py and the gateway share it: a file of 64 hex digits that nobody else may read.

Rules of this file
- A key is made once and never overwritten: flash.py puts the key of an existing file on the board.
- A file that others may read is refused: a key that may have been copied proves nothing.
- Nothing here prints a key, nor does the text of an error hold one.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from firmware.common.proof import KEY_BYTES
from gateway.errors import KeyFileError

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read(path: Path) -> bytes:
    """Return the key (32 bytes) in the file at `path`; `KeyFileError` when there is none that can be trusted."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise KeyFileError(f"{path}: no such file; flash.py --key {path} makes it, with the board") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot be read ({error}); check path and rights") from None
    if mode & OTHERS:
        raise KeyFileError(
            f"{path}: others may read it ({stat.filemode(mode)}), so it proves nothing any more; if nobody has, "
            f"chmod 600 {path}, else remove it and give the board another: flash.py --key {path}"
        )
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path}: holds no board's key, which is 64 hex digits; restore the file")
    return key


def make(path: Path) -> bytes:
    """Make a key and its file, where nothing may be; return the key when the file is on the disk."""
    key = secrets.token_bytes(KEY_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{key.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written ({error.strerror}); check path and rights") from None
    return key
